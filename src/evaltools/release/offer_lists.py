"""Offers of one area by name: gaps, parallel offers, Kita phase and transitions, funding."""

from __future__ import annotations

import pandas as pd

from evaltools.data.schema import ACCESS as ACCESSES
from evaltools.data.schema import LIFE_PHASES
from evaltools.measures import offers
from evaltools.release import wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.offer_views import ACCESS, LAWS, TARGETS, missing
from evaltools.release.profile_views import PHASES
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, public
from evaltools.study import Study

PROVIDER = Column("Träger")
PHASE = Column("Lebensphase", labels=PHASES)
REACHED = Column("Zugang", labels=ACCESS)
LAW = Column("Recht (SGB VIII, KKG)")
HOURS = Column("Stunden", "je Woche", 2)


def gap_read(tables: Tables, study: Study, area: str) -> Prose:
    """Say how many cells of life phase × access are without an offer, and which changed."""
    if lost := missing(tables, area):
        return lost
    offer = tables["offer"]
    years = offers.years(offer, study, area)
    found = [_cells(offers.gaps(offer, area, year)) for year in years]
    cells = wording.number(len(LIFE_PHASES) * len(ACCESSES))
    first = f"Am 31.12.{years[-1]} sind {wording.number(len(found[-1]))} von {cells} Feldern leer"
    if len(years) > 1:
        first += f" (am 31.12.{years[0]}: {wording.number(len(found[0]))})"
    said = [f"{first}."]
    if len(years) > 1:
        filled = [cell for cell in found[0] if cell not in found[1]]
        emptied = [cell for cell in found[1] if cell not in found[0]]
        said += [f"Neu besetzt: {wording.listing(filled, most=30)}." if filled else ""]
        said += [f"Neu leer: {wording.listing(emptied, most=30)}." if emptied else ""]
    now = offers.matrix(offer, area, years[-1])
    loose = (now[["life_phase", "access"]] == offers.UNKNOWN).any(axis=1)
    if n := int(now.loc[loose, "n"].sum()):
        said.append(
            "Laufende Angebote, bei denen Lebensphase oder Zugang fehlt: "
            f"{wording.number(n)}. Sie könnten leere Felder füllen."
        )
    return prose(*said)


def gaps(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """List for each life phase the kinds of access without an offer."""
    if lost := missing(tables, area):
        return lost
    years = offers.years(tables["offer"], study, area)
    frame = pd.DataFrame({"life_phase": list(LIFE_PHASES)})
    for year in years:
        lacking = offers.gaps(tables["offer"], area, year).groupby("life_phase")["access"].agg(list)
        frame[str(year)] = [_listed(lacking.get(phase, [])) for phase in LIFE_PHASES]
    columns = {"life_phase": PHASE}
    columns |= {str(year): Column(f"leer am 31.12.{year}") for year in years}
    return table(public(frame, rules), columns, caption="Zugänge ohne laufendes Angebot")


def parallel(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """List offers of several providers that are alike in phase, target, access and hours."""
    if lost := missing(tables, area):
        return lost
    year = offers.years(tables["offer"], study, area)[-1]
    found = offers.parallel(tables["offer"], area, year)
    if found.empty:
        return prose(
            f"Am 31.12.{year} liefen im Raum keine Angebote verschiedener Träger, die in "
            "Lebensphase, Zielgruppe, Zugang und Stunden übereinstimmen."
        )
    target = found["target_exclusive"].map({True: "exclusive", False: "open"})
    found = found.assign(provider=_names(tables, found), target=target)
    columns = {
        "group": Column("Gruppe"),
        "provider": PROVIDER,
        "life_phase": PHASE,
        "target": Column("Zielgruppe", labels=TARGETS),
        "access": REACHED,
        "hours_week": HOURS,
    }
    caption = f"Parallele Angebote am 31.12.{year}"
    return table(public(found[list(columns)], rules), columns, caption=caption)


def kita(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """List the running offers for the Kita phase."""
    if lost := missing(tables, area):
        return lost
    year = offers.years(tables["offer"], study, area)[-1]
    now = offers.current(tables["offer"], area, year)
    own = now[offers.known(now, "life_phase") == "kita"]
    if own.empty:
        return prose(f"Am 31.12.{year} lief im Raum kein Angebot für die Kita-Phase.")
    own = own.assign(provider=_names(tables, own), law=_laws(own))
    own["target"] = offers.known(own, "target_exclusive")
    columns = {
        "provider": PROVIDER,
        "law": LAW,
        "access": REACHED,
        "target": Column("Zielgruppe", labels=TARGETS),
        "places": Column("Plätze", digits=0),
        "hours_week": HOURS,
        "begin": Column("seit"),
    }
    shown = own.reindex(columns=list(columns)).sort_values(["provider", "begin"])
    caption = f"Angebote für die Kita-Phase am 31.12.{year}"
    return table(public(shown, rules), columns, caption=caption)


def transitions(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """List the offers of providers that serve both Kita and primary school in the area."""
    if lost := missing(tables, area):
        return lost
    year = offers.years(tables["offer"], study, area)[-1]
    found = offers.transitions(tables["offer"], area, year)
    if found.empty:
        return prose(f"Am 31.12.{year} arbeitete im Raum kein Träger in beiden Phasen.")
    found = found.assign(provider=_names(tables, found), law=found["paragraph"].map(LAWS))
    columns = {
        "provider": PROVIDER,
        "life_phase": PHASE,
        "law": LAW,
        "access": REACHED,
        "hours_week": HOURS,
    }
    caption = f"Träger mit Angeboten für Kita und Grundschule am 31.12.{year}"
    return table(public(found[list(columns)], rules), columns, caption=caption)


def transition_read(tables: Tables, study: Study, area: str) -> Prose:
    """Say how many providers and offers stand on both sides of the passage, before and after."""
    if lost := missing(tables, area):
        return lost
    said = []
    for year in offers.years(tables["offer"], study, area):
        now = offers.current(tables["offer"], area, year)
        found = offers.transitions(tables["offer"], area, year)
        phases = offers.known(now, "life_phase").isin(offers.TRANSITION).sum()
        said.append(
            f"Am 31.12.{year} gehörten {wording.number(len(found))} von {wording.number(phases)} "
            "Angeboten für Kita und Grundschule zu Trägern, die in beiden Phasen arbeiten (Träger: "
            f"{wording.number(found['provider_id'].nunique())})."
        )
    return prose(*said)


def funding_read(tables: Tables, study: Study, area: str) -> Prose:
    """Say for how many running offers the funding ends within twelve months, later, or unknown."""
    if lost := missing(tables, area):
        return lost
    year = offers.years(tables["offer"], study, area)[-1]
    found = offers.funding(tables["offer"], area, year)
    n = found["state"].value_counts()
    ends, later, past, unknown = (
        wording.number(int(n.get(state, 0))) for state in ("ends", "later", "past", "unknown")
    )
    return prose(
        f"Laufende Angebote am 31.12.{year}: {wording.number(len(found))}. Die Förderung endet bei "
        f"{ends} von ihnen im Jahr {year + 1}, bei {later} später; bei {unknown} ist kein Ende "
        "angegeben (unbefristet oder nicht mitgeteilt).",
        "Angebote, deren angegebenes Förderende schon zurückliegt, obwohl sie als laufend "
        f"geliefert sind: {past}."
        if n.get("past", 0)
        else "",
    )


def funding(tables: Tables, study: Study, area: str, rules: Rule) -> HtmlTable | Prose:
    """List the running offers whose funding ends within the following twelve months."""
    if lost := missing(tables, area):
        return lost
    year = offers.years(tables["offer"], study, area)[-1]
    found = offers.funding(tables["offer"], area, year)
    ends = found[found["state"] == "ends"]
    if ends.empty:
        return prose(f"Für kein laufendes Angebot ist ein Ende der Förderung {year + 1} angegeben.")
    ends = ends.assign(provider=_names(tables, ends), law=_laws(ends))
    ends["life_phase"] = offers.known(ends, "life_phase")
    columns = {
        "provider": PROVIDER,
        "life_phase": PHASE,
        "law": LAW,
        "funding_until": Column("Förderung bis"),
        "hours_week": HOURS,
    }
    shown = ends.reindex(columns=list(columns))
    caption = f"Förderung, die {year + 1} endet"
    return table(public(shown, rules), columns, caption=caption)


def _cells(found: pd.DataFrame) -> list[str]:
    pairs = found[["life_phase", "access"]].itertuples(index=False, name=None)
    return [f"{PHASES[phase]} ({ACCESS[access]})" for phase, access in pairs]


def _listed(names: list[str]) -> str:
    if not names:
        return "keiner"
    return "alle" if len(names) == len(ACCESSES) else ", ".join(ACCESS[name] for name in names)


def _names(tables: Tables, frame: pd.DataFrame) -> pd.Series:
    """Name the provider of each row; unknown where its name is not delivered: ids stay inside."""
    ids = frame.reindex(columns=["provider_id"])["provider_id"].astype("string")
    if "provider" not in tables:
        return ids.mask(ids.notna())
    names = tables["provider"].set_index("provider_id")["name"].astype("string")
    return ids.map(names).astype("string")


def _laws(frame: pd.DataFrame) -> pd.Series:
    """Name the law of each offer; both where there are two."""
    pairs = frame.reindex(columns=["paragraph", "paragraph_2"])
    return pd.Series(
        [
            " und ".join(dict.fromkeys(LAWS[str(code)] for code in pair if pd.notna(code)))
            for pair in pairs.itertuples(index=False, name=None)
        ],
        index=frame.index,
        dtype="string",
    )
