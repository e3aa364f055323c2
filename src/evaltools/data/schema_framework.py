"""Tables of what the framework concept builds: networks, teams, budget, milestones, surveys."""

from __future__ import annotations

from evaltools.data.columns import SLUG, Column, Table, code, count, key, number

DIMENSIONS = ("sozialstruktur", "infrastruktur", "bedarf_leistung", "sozialraum")
TYPES = ("A", "B", "C", "D", "E")
FIELDS = (
    "asd",
    "hze",
    "offene_arbeit",
    "jugendsozialarbeit",
    "schule",
    "kita",
    "fruehe_hilfen",
    "familienbildung",
    "beratung",
    "gesundheit",
    "kifaz",
    "koordination",
    "sonstige",
)
COOPERATION = ("fallspezifisch", "falluebergreifend", "fallunspezifisch")
TASKS = (
    "vernetzung",
    "gebietsteam",
    "handlungsbudget",
    "planung",
    "beteiligung",
    "verwaltung",
    "sonstiges",
)
PURPOSES = (
    "begegnung",
    "bildung",
    "ferien",
    "beratung",
    "beteiligung",
    "ausstattung",
    "sonstiges",
)
COMMUNITY = (
    "vernetzte_strukturen",
    "kooperation",
    "infrastruktur",
    "projekte",
    "buergerengagement",
    "oeffentlichkeit",
)
ROLES = ("anstoss", "durchfuehrung")
EARLY_HELP = (
    "begruessungsbesuch",
    "familienkinderkrankenschwester",
    "elterncafe",
    "sprechstunde",
    "treff",
    "mobil",
)
STRATEGIC = ("arbeitsgruppe", "globalrichtlinie", "planung", "asd", "versaeulungsanalyse")
OPERATIVE = ("koordination", "gebietsteam", "kifaz", "handlungsbudget")
_AREA = {"area_id": ("area", "area_id")}
_YEAR = Column("year", "integer", "Jahr", low=1990, high=2060, required=True)
_SCALE = (
    number("agreement", "Punkte der Skala", low=None),
    Column("scale_min", "number", "Punkte der Skala", required=True),
    Column("scale_max", "number", "Punkte der Skala", required=True),
)

FRAMEWORK: tuple[Table, ...] = (
    Table(
        "selection_criterion",
        (
            key("area_id"),
            code("dimension", DIMENSIONS),
            key("criterion"),
            number("value", "wie im Merkmal", low=None),
            number("weight", "Gewicht"),
            Column("rationale"),
        ),
        ("area_id", "dimension", "criterion"),
        _AREA,
    ),
    Table(
        "short_survey",
        (
            key("response_id", personal=True),
            key("area_id"),
            Column("actor_group"),
            code("type_assigned", TYPES, required=False),
            *_SCALE,
        ),
        ("response_id",),
        _AREA,
        case_level=True,
        summed=True,
    ),
    Table(
        "family_acceptance",
        (
            key("response_id", personal=True),
            key("area_id"),
            Column("wave", "integer", "Jahr der Befragung", low=1990, high=2060, required=True),
            key("item"),
            *_SCALE,
            count("invited", "angefragte Familien"),
        ),
        ("response_id", "wave", "item"),
        _AREA,
        case_level=True,
        summed=True,
    ),
    Table(
        "cooperation",
        (
            Column("area_id", pattern=SLUG),
            key("from_id"),
            Column("to_id", pattern=SLUG),
            code("field_from", FIELDS),
            code("field_to", FIELDS, required=False),
            Column("forum", pattern=SLUG),
            code("kind", COOPERATION),
            Column("intensity", "integer", "Stufe 0 bis 3", low=0, high=3),
            _YEAR,
        ),
        ("area_id", "from_id", "to_id", "forum", "kind", "year"),
        _AREA,
    ),
    Table(
        "kifaz",
        (
            key("kifaz_id"),
            key("area_id"),
            _YEAR,
            number("vzae", "VZÄ"),
            number("vzae_coordinator", "VZÄ"),
            count("visits", "Besuche im Jahr"),
            Column("access_restricted", "boolean"),
        ),
        ("kifaz_id", "year"),
        _AREA,
    ),
    Table(
        "coordinator_activity",
        (key("area_id"), _YEAR, code("task", TASKS), number("hours", "Stunden im Jahr")),
        ("area_id", "year", "task"),
        _AREA,
    ),
    Table(
        "area_team_meeting",
        (
            key("area_id"),
            Column("date", "date", required=True),
            Column("fields_present", required=True),
            count("cases_discussed", "beratene Fälle"),
            count("agreements", "Vereinbarungen"),
        ),
        ("area_id", "date"),
        _AREA,
    ),
    Table(
        "action_budget",
        (
            key("application_id"),
            key("area_id"),
            Column("date_in", "date", required=True),
            Column("date_decision", "date"),
            number("eur_applied", "Euro"),
            number("eur_granted", "Euro"),
            number("eur_spent", "Euro"),
            code("purpose", PURPOSES),
            Column("regular_task", "boolean"),
        ),
        ("application_id",),
        _AREA,
    ),
    Table(
        "community_work",
        (
            key("entry_id"),
            key("provider_id"),
            key("area_id"),
            Column("date", "date", required=True),
            code("category", COMMUNITY),
            code("role", ROLES, required=False),
            number("hours", "Stunden"),
            Column("hze_benefit", "boolean"),
        ),
        ("entry_id",),
        _AREA | {"provider_id": ("provider", "provider_id")},
    ),
    Table(
        "early_help",
        (
            key("provider_id"),
            key("area_id"),
            _YEAR,
            code("kind", EARLY_HELP),
            count("families_reached", "Familien"),
            count("births", "Geburten im Raum"),
            count("referred_to", "weitervermittelte Familien"),
        ),
        ("provider_id", "area_id", "year", "kind"),
        _AREA | {"provider_id": ("provider", "provider_id")},
    ),
    Table(
        "milestone",
        (
            code("element", STRATEGIC + OPERATIVE),
            Column("area_id", pattern=SLUG),
            Column("planned", "date"),
            Column("reached", "date"),
            Column("evidence"),
        ),
        ("element", "area_id"),
        _AREA,
    ),
)
