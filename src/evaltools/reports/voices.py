"""What the person who signs a release has to know of the interviews: blocks, names, quotes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evaltools.codings import material
from evaltools.codings.material import Material
from evaltools.data.store import Provenance
from evaltools.errors import EvaltoolsError
from evaltools.german import day, number
from evaltools.release import quotes as quoting
from evaltools.release import speakers, views
from evaltools.release.quotes import Quotes
from evaltools.study import Workspace

CODING = "coding"
UNREAD = "Die Gespräche lassen sich zurzeit nicht lesen; ihre Seiten nicht freigeben."


def lines(space: Workspace, tables: views.Tables, made: Provenance) -> Sequence[str]:
    """Say in lines what pages tell of the interviews; nothing for a study without any.

    Parameters
    ----------
    space : Workspace
        The study.
    tables : mapping of str to DataFrame
        Its tables.
    made : Provenance
        Says whether it has files of codings.
    """
    if not any(source["table"] == CODING for source in made.sources):
        return ()
    try:
        heard = material.load(space)
    except EvaltoolsError:
        return (UNREAD,)
    found = speakers.voices(heard, space.study, tables, views.rules(space))
    said = quoting.quotes(heard, found)
    blocks = "; ".join(
        f"{block.group}, {block.area}: mindestens {number(block.speakers)} Sprechende"
        for block in found.blocks
    )
    names = len(material.replacements(space))
    return (
        f"Gespräche, wie die Seiten sie unterscheiden: {blocks or 'keine'}.",
        f"Davon zusammengelegt: {number(len(found.merged))}.",
        f"Namen auf der Liste: {number(names)}; eine Seite mit einem davon wird nicht geschrieben."
        if names
        else "Die Studie hat keine Liste von Namen: Kein Name ist ersetzt.",
        f"Freigegeben, aber nicht gezeigt, weil die Worte nirgends so stehen oder an anderer "
        f"Stelle nicht freigegeben sind: {number(said.unmatched + said.denied)}.",
        *_quoted(heard, said),
    )


def _quoted(heard: Material, said: Quotes) -> list[str]:
    """List every quote that pages show, with who cleared it and when."""
    shown = set(zip(said.cleared["doc_id"], said.cleared["quote"], strict=True))
    table = heard.clearance.dropna(subset=["doc_id"])
    columns = (table[name] for name in ("doc_id", "quote", "cleared_by", "cleared_on"))
    return [
        f"Zitat aus {heard.titles[doc]}: {quoting.shown(quote, None)} (freigegeben "
        f"{f'durch {by}' if isinstance(by, str) else 'ohne Angabe, durch wen'}"
        f"{'' if pd.isna(on) else f' am {day(str(on)[:10])}'})"
        for doc, quote, by, on in zip(*columns, strict=True)
        if (doc, " ".join(quote.split())) in shown
    ]
