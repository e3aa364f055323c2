"""The seven ESPQ claims, as pages name them."""

TITLES = {
    1: "Entwicklung gegen den allgemeinen Trend",
    2: "Weniger Hilfen zur Erziehung",
    3: "Weniger Fremdplatzierungen",
    4: "Geringere Eingriffsintensität",
    5: "Höhere Akzeptanz bei den Familien",
    6: "Das zusätzliche Personal hat sich gelohnt",
    7: "Angebote, Strukturen und Schnittstellen sind aufgebaut",
}
