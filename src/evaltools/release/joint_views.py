"""The joint display: beside each figure with its interval what the voices say, and how they agree.

The form follows Guetterman, Fetters & Creswell (2015), Annals of Family Medicine 13(6), 554–561,
doi:10.1370/afm.1865; agreement, complement and contradiction follow confirmation, expansion and
discordance in Fetters, Curry & Creswell (2013), Health Services Research 48(6), 2134–2156,
doi:10.1111/1475-6773.12117. How the voices are to be read is the researchers' judgement and stands
in the study file; the relation follows from it and from the verdict by :data:`RELATIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from evaltools.codings import matrices
from evaltools.codings.material import Material
from evaltools.codings.model import SEPARATOR
from evaltools.evaluation.before_after import Evaluation
from evaltools.evaluation.claims import Claim
from evaltools.evaluation.titles import TITLES
from evaltools.measures import levels, profile
from evaltools.measures.helps import counts_helps
from evaltools.release import quotes as quoting
from evaltools.release import speakers, wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.estimates import permitted
from evaltools.release.profile_views import INDICATORS
from evaltools.release.quotes import Quotes
from evaltools.release.speakers import Voices
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, public
from evaltools.study import Study
from evaltools.studycodings import JointRow

AGREE, COMPLEMENT, CONTRADICT = "stimmen überein", "ergänzen sich", "widersprechen sich"
SILENT, UNREAD, MERGED = "keine Stimmen", "nicht beurteilt", "nicht gezeigt"
WHY_MERGED = (
    "Gespräche aus diesem Raum sind mit anderen zusammengelegt, weil zu wenige Menschen sprachen. "
    "Wie sie gelesen sind, steht deshalb nicht hier."
)
STANCES = {
    "dafuer": "sprechen dafür",
    "dagegen": "sprechen dagegen",
    "gemischt": "sprechen dafür und dagegen",
    "anderes": "sprechen von anderem",
}
# Verdict and stance → relation; whatever is not listed complements.
RELATIONS: Mapping[tuple[str, str], str] = {
    ("gestützt", "dafuer"): AGREE,
    ("gestützt", "dagegen"): CONTRADICT,
    ("nicht gestützt", "dafuer"): CONTRADICT,
    ("nicht gestützt", "dagegen"): AGREE,
    ("Zahl", "dafuer"): AGREE,
    ("Zahl", "dagegen"): CONTRADICT,
}
NO_ROWS = "Nicht dargestellt: Die Studie legt keine Zeilen für die Zusammenschau fest."
HIDDEN = "wegen kleiner Fallzahlen nicht gezeigt"
NONE = "keine Zahl"


def display(
    result: Evaluation,
    interviews: tuple[Material, Voices, Quotes],
    space: tuple[Study, Tables],
    rules: Rule,
) -> HtmlTable | Prose:
    """Show a row a claim or SONI field: figure, interval, verdict; codes, a quote, the relation.

    Parameters
    ----------
    result : Evaluation
        Of the model area.
    interviews : tuple of Material, Voices and Quotes
        The study's interviews, as a page may tell them apart, and what of them may be quoted.
    space : tuple of Study and tables
        The study, with its joint rows, and its tables.
    rules : Rule
        From :func:`evaltools.release.views.rules`.
    """
    study, tables = space
    material, found, said = interviews
    if not study.codings.joint:
        return prose(NO_ROWS)
    if not found.blocks:
        return prose(speakers.sentence(found))
    rows = []
    fresh = said.cleared
    for row, codes in zip(study.codings.joint, material.joint, strict=True):
        quote, fresh = _quote(codes, found, fresh, [result.name, study.whole_label])
        voices = _voices(row, codes, result, found, study)
        rows.append((*_figures(row, result, study, tables, rules), voices[0], quote, voices[1]))
    columns = {
        "subject": Column("Aussage oder Feld"),
        "figure": Column("Zahl, mit 90-%-Intervall oder Spanne"),
        "verdict": Column("Urteil", css="verdict"),
        "codes": Column("Codes und Stellen", css="words"),
        "quote": Column("Freigegebenes Zitat", css="words"),
        "relation": Column("Verhältnis", css="verdict"),
    }
    frame = pd.DataFrame(rows, columns=[*columns])
    caption = "Zahlen und Stimmen nebeneinander"
    return table(public(frame, rules), columns, caption=caption)


def readings(result: Evaluation, found: Voices, study: Study) -> Prose:
    """Say how the researchers read the voices on each row, and why, where the voices are shown."""
    if not found.blocks or result.name in found.hidden:
        return prose(WHY_MERGED if found.blocks else "")
    lines = []
    for row in study.codings.joint:
        voice = row.reading(result.area)
        if voice:
            lines.append(f"{_subject(row)}: Die Stimmen {STANCES[voice.stance]}. {voice.reason}")
    return prose(*(lines or ["Die Studie hält noch keine Lesart der Stimmen fest."]), listed=True)


def rule_sentence() -> Prose:
    """Say how the relation comes about."""
    return prose(
        "Wie die Stimmen zu lesen sind, haben die Forschenden beurteilt und in der Studiendatei "
        "begründet; das Programm rechnet Stellen nicht gegen Zahlen auf. Aus Urteil und Lesart "
        f"folgt das Verhältnis: „{AGREE}“, wenn beide dasselbe sagen, „{CONTRADICT}“, wenn sie "
        f"Gegenteiliges sagen, sonst „{COMPLEMENT}“, auch bei den Urteilen „unklar“ und „nicht "
        "prüfbar“."
    )


def relation(verdict: str, stance: str) -> str:
    """Return how a verdict and the voices relate."""
    return RELATIONS.get((verdict, stance), COMPLEMENT)


def _subject(row: JointRow) -> str:
    return f"SONI: {row.soni}" if row.claim is None else f"{row.claim}. {TITLES[row.claim]}"


def _figures(
    row: JointRow, result: Evaluation, study: Study, tables: Tables, rules: Rule
) -> tuple[str, str, str]:
    if row.claim is None:
        return _subject(row), _social(row.indicator, result.area, tables), "–"
    claim = result.claims[row.claim - 1]
    return _subject(row), _change(claim, rules), claim.verdict


def _change(claim: Claim, rules: Rule) -> str:
    effect = claim.effect
    if effect is None:
        return NONE
    if not permitted(effect, rules):
        return HIDDEN
    interval = wording.interval(effect.low, effect.high)
    return f"{wording.percent_change(effect.estimate)} gegenüber dem Vergleich ({interval})"


def _social(indicator: str | None, area: str, tables: Tables) -> str:
    """Return the newest value of a social indicator with the spread over all areas."""
    if indicator is None or "social_profile" not in tables:
        return NONE
    among = levels.peers(tables["area"], area)
    frame = profile.social(tables["social_profile"], area, among=among)
    own = frame[frame["indicator"] == indicator].dropna(subset=["area"])
    counts = counts_helps(own)
    if own.empty or bool(counts.any()):  # counts of helps are shown on page 10, by its rules
        return NONE
    newest = own.sort_values("year").iloc[-1]
    unit = f" {newest['unit']}" if newest["unit"] else ""
    label = INDICATORS.get(indicator, indicator)
    value = f"{label} {int(newest['year'])}: {wording.number(float(newest['area']), 1)}{unit}"
    if pd.isna(newest["lowest"]):
        return value
    ends = [wording.number(float(newest[name]), 1) for name in ("lowest", "highest")]
    return f"{value} (alle Räume: {ends[0]} bis {ends[1]})"


def _voices(
    row: JointRow, codes: Sequence[str], result: Evaluation, found: Voices, study: Study
) -> tuple[str, str]:
    """Return the row's codes with their segments, and how figure and voices relate."""
    here = [result.name, study.whole_label]
    paths = found.project.codes.set_index("code_id")["path"]
    kinds = {str(paths[code]): (code,) for code in codes}
    counted = matrices.fields(found.project, kinds, by="area_id")
    counted = counted[counted["area_id"].isin(here) & (counted["n_segments"] > 0)]
    told = [_count(path, counted[counted["field"] == path], here) for path in kinds]
    said = "; ".join(text for text in told if text) or "–"
    voice = row.reading(result.area)
    if result.name in found.hidden:
        return said, MERGED
    if counted.empty:
        return said, SILENT
    if voice is None:
        return said, UNREAD
    verdict = result.claims[row.claim - 1].verdict if row.claim else _kind(row)
    return said, relation(verdict, voice.stance)


def _kind(row: JointRow) -> str:
    return "Zahl" if row.indicator else NONE


def _count(path: str, counted: pd.DataFrame, here: list[str]) -> str:
    """Say how many segments a code has in the area and city-wide."""
    numbers = counted.set_index("area_id")["n_segments"]
    labels = dict(zip(here, ("im Raum", "stadtweit"), strict=True))
    parts = [
        f"{wording.number(int(numbers[area]))} {labels[area]}" for area in here if area in numbers
    ]
    name = " › ".join(path.split(SEPARATOR)[-2:])
    return f"{name} ({', '.join(parts)})" if parts else ""


def _quote(
    codes: Sequence[str], found: Voices, fresh: pd.DataFrame, here: list[str]
) -> tuple[str, pd.DataFrame]:
    """Return the row's first quote, from the area before the city, and those still unused."""
    project = found.project
    meant = matrices.below(project.codes, codes)
    coded = set(project.codings.loc[project.codings["code_id"].isin(meant), "segment_id"])
    places = project.documents.set_index("doc_id")
    fits = fresh[fresh["segment_id"].isin(coded)]
    for area in here:
        there = fits[fits["doc_id"].map(places["area_id"]) == area]
        if not there.empty:
            first = there.iloc[0]
            source = first["source"] if isinstance(first["source"], str) else None
            group = str(places.loc[first["doc_id"], "group"])
            rest = fresh[fresh["quote"] != first["quote"]]
            return quoting.shown(str(first["quote"]), source, group), rest
    return "–", fresh
