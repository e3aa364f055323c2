"""What the office of Musterstadt wrote on its model areas; invented like everything else."""

from __future__ import annotations

FOLDER = "texte"
_TEXTS = {
    "SR04": (
        "Die Belastung liegt über der des mittleren Raums und ist ungleich verteilt. Einrichtungen "
        "der offenen Arbeit sind erreichbar, Angebote für die Zeit vor der Kita waren es 2017 "
        "kaum.",
        "Seit 2018 tagt das Gebietsteam monatlich, das Familienzentrum ist besetzt, das "
        "Handlungsbudget wird genutzt. Der Bericht „Vorher und nachher“ zeigt, was sich bei den "
        "Hilfen verändert hat.",
        "Die Angebote der Frühen Hilfen brauchen nach dem Ende der Projektförderung eine "
        "Finanzierung auf Dauer.",
    ),
    "SR10": (
        "Der Raum ist in sich verschieden; die Fachkräfte beschreiben einzelne Straßenzüge als "
        "belastet und andere als unauffällig.",
        "Ein Gebietsteam kam nicht zustande, und das Familienzentrum hat weniger Stellen als "
        "vorgesehen. Von einer Umsetzung des Konzepts kann nur eingeschränkt gesprochen werden.",
        "Die offenen Stellen des Familienzentrums sind zu besetzen, bevor über Wirkungen "
        "gesprochen wird.",
    ),
    "SR14": (
        "Vor der Auswahl stiegen die Fallzahlen für kurze Zeit stark an; die soziale Lage hat sich "
        "in diesen Jahren kaum verändert.",
        "Die Bausteine sind erreicht, das Familienzentrum erst mit einem Jahr Verzug. Der Rückgang "
        "gegenüber 2017 allein sagt nichts über das Modell.",
        "Zwei aufsuchende Angebote für Jugendliche gleichen sich und sollten aufeinander "
        "abgestimmt werden.",
    ),
}
_HEADINGS = ("Interpretation", "Bilanzierung", "Bedarfsaussagen")


def content() -> dict[str, bytes]:
    """Return the texts as files of the city folder: ``texte/SR04.md`` and the others."""
    return {
        f"{FOLDER}/{area}.md": "\n\n".join(
            f"## {heading}\n\n{text} (Erfundener Text.)"
            for heading, text in zip(_HEADINGS, texts, strict=True)
        ).encode()
        + b"\n"
        for area, texts in _TEXTS.items()
    }
