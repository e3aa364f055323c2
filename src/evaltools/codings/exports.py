"""Tables that Taguette and QualCoder write out of a project: less than the project itself holds.

Columns: Taguette's ``id, document, tag, content`` (highlights) and ``tag, description, number of
highlights, number of documents`` (codebook); QualCoder's ``File`` or ``Case, Filename``, then
``Coder, Coded, Id, Codename, Coded_Memo``, ``Category`` from the nearest upwards, and variables as
``FileVar_…`` and ``CaseVar_…``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from evaltools.codings import sheets
from evaltools.codings.flat import Row, Variable, assemble
from evaltools.codings.model import DEEPEST, Origin, Problem, Project
from evaltools.codings.sheets import Sheet
from evaltools.data.grid import key
from evaltools.errors import DataError
from evaltools.german import listing, number

HIGHLIGHTS = ("id", "document", "tag", "content")
CODEBOOK = ("tag", "description")
CODED = ("Coder", "Coded", "Id", "Codename", "Coded_Memo")
VARIABLES = ("filevar_", "casevar_")
SHOWN = 20
_TAGUETTE = (
    "Die Ausgabe nennt weder Stellen noch Personen; markierte Stellen ohne Code, unbenutzte Codes "
    "und Dokumente ohne Markierung fehlen. Vollständig ist die Projektdatei (.sqlite3)."
)
_QUALCODER = (
    "Die Ausgabe nennt keine Stellen im Text; unbenutzte Codes und Dokumente ohne Kodierung "
    "fehlen. Gleiche Worte eines Dokuments gelten als ein Segment. Vollständig ist das Projekt "
    "(Ordner .qda)."
)


def read_taguette(path: Path, *, codebook: Path | None = None) -> Project:
    """Read Taguette's exported highlights.

    Parameters
    ----------
    path : Path
        Highlights of all tags or of one, as CSV or XLSX.
    codebook : Path, optional
        The codebook of the same project, which holds unused tags and what the tags mean.

    Returns
    -------
    Project
        Without offsets, texts and coders. A tag lies below the longest other tag that it begins
        with and that ends at a dot.

    Raises
    ------
    DataError
        When the file is no such table, or a tag stands there as a live formula.
    """
    sheet = sheets.read(path)
    places = _columns(sheet, HIGHLIGHTS)
    known = _codebook(codebook) if codebook is not None else {}
    cells = [[row[places[name]] for name in HIGHLIGHTS] for row in sheet.rows[1:]]
    tagged = {
        (one.strip(), document.strip(), tag.strip()): content
        for one, document, tag, content in cells
        if document.strip() and tag.strip()
    }
    paths = _tree(path.name, [*known, *(tag for _, _, tag in tagged)])
    rows = [
        Row("", document, paths[tag], content, place=one)
        for (one, document, tag), content in tagged.items()
    ]
    problems = [*sheet.problems, Problem("umfang", "", _TAGUETTE), *_loose(paths)]
    if len(tagged) < len(cells):
        text = "Zeilen, die doppelt oder ohne Dokument oder Code waren und wegblieben: "
        problems.append(Problem("zeilen", "", f"{text}{number(len(cells) - len(tagged))}."))
    codes = {paths[tag]: memo for tag, memo in known.items()}
    return assemble(Origin("Taguette", "Markierungen", path.name), rows, problems, codes=codes)


def read_taguette_codebook(path: Path) -> Project:
    """Read Taguette's exported codebook: a project of codes alone.

    Raises
    ------
    DataError
        When the file is no such table, or a tag stands there as a live formula.
    """
    known = _codebook(path)
    paths = _tree(path.name, known)
    codes = {paths[tag]: memo for tag, memo in known.items()}
    origin = Origin("Taguette", "Codebuch", path.name)
    return assemble(origin, [], _loose(paths), codes=codes)


def _codebook(path: Path) -> dict[str, str]:
    sheet = sheets.read(path)
    places = _columns(sheet, CODEBOOK)
    tag, memo = (places[name] for name in CODEBOOK)
    return {row[tag].strip(): row[memo].strip() for row in sheet.rows[1:] if row[tag].strip()}


def _columns(sheet: Sheet, names: Sequence[str]) -> dict[str, int]:
    """Find columns by their headings, which no program translates; refuse formulas in them."""
    headings = [key(heading) for heading in sheet.rows[0]]
    lost = [name for name in names if key(name) not in headings]
    if lost:
        there = ", ".join(repr(heading[:40]) for heading in sheet.rows[0][:SHOWN] if heading)
        raise DataError(
            f"{sheet.file}: no column {', '.join(lost)}; looked for {', '.join(names)} and found "
            f"{there or 'no headings'}; export the table again"
        )
    places = {name: headings.index(key(name)) for name in names}
    sheets.refuse_formulas(sheet, list(places.values()))
    return places


def _tree(file: str, tags: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Give each tag its path: below the longest tag that it begins with up to a dot."""
    known = set(tags)
    if any(tag.count(".") > DEEPEST for tag in known):
        raise DataError(f"{file}: a tag holds more than {DEEPEST} dots; rename it in Taguette")
    paths: dict[str, tuple[str, ...]] = {}
    for tag in sorted(known, key=len):
        dots = [place for place, mark in enumerate(tag) if mark == "."]
        above = next((tag[:dot] for dot in reversed(dots) if tag[:dot] in known), None)
        name = tag if above is None else tag[len(above) + 1 :]
        # A tag that ends with the dot would leave no name.
        paths[tag] = (*paths[above], name) if above is not None and name.strip() else (tag,)
    return {tag: paths[tag] for tag in dict.fromkeys(tags)}


def _loose(paths: Mapping[str, tuple[str, ...]]) -> list[Problem]:
    loose = [tag for tag, path in paths.items() if "." in path[0].strip(".")]
    if not loose:
        return []
    text = "Codes mit Punkt, deren Oberbegriff nicht vorkommt, stehen mit ganzem Namen oben"
    return [
        Problem("codepfad", "", f"{text}: {listing(loose)}. Das Codebuch nennt ihn vielleicht.")
    ]


def read_qualcoder(path: Path) -> Project:
    """Read QualCoder's report of coded text.

    Parameters
    ----------
    path : Path
        The report by file or by case, as CSV or XLSX.

    Returns
    -------
    Project
        Without offsets and texts; codes below their categories, variables of files and cases where
        the report has them. Codings of pictures and recordings are left out.

    Raises
    ------
    DataError
        When the file is no such table, or a cell that is needed holds a live formula.
    """
    sheet = sheets.read(path)
    by_case = key(sheet.rows[0][0]) == "case"
    document = "Filename" if by_case else "File"
    places = _columns(sheet, (document, *CODED))
    rows = _aligned(sheet)
    categories = [n for n, heading in enumerate(sheet.rows[0]) if key(heading) == "category"]
    # A coding stands below every case it belongs to.
    needed = list(places.values())
    once = {tuple(row[n] for n in needed): row for row in rows if _is_text(row[places["Id"]])}
    coded = [
        Row(
            group="",
            document=row[places[document]].strip(),
            code=_path([row[place] for place in (*reversed(categories), places["Codename"])]),
            text=row[places["Coded"]],
            coder=row[places["Coder"]].strip(),
            memo=row[places["Coded_Memo"]].strip(),
        )
        for row in once.values()
    ]
    problems = [*sheet.problems, Problem("umfang", "", _QUALCODER), *_media(rows, places["Id"])]
    return assemble(
        Origin("QualCoder", "Bericht kodierter Texte", path.name),
        coded,
        problems,
        variables=_variables(sheet.rows[0], rows, places[document]),
        cases=[row[0].strip() for row in rows] if by_case else (),
    )


def _aligned(sheet: Sheet) -> list[list[str]]:
    """Put the variables of each row below their headings.

    QualCoder's CSV leaves out the cells of missing categories, so that all behind them moves left;
    how far, the length of the row tells.
    """
    headings = [key(heading) for heading in sheet.rows[0]]
    used = ("category", "coded_memo", *VARIABLES)
    sheets.refuse_formulas(
        sheet, [n for n, heading in enumerate(headings) if heading.startswith(used)]
    )
    first = next((n for n, name in enumerate(headings) if name.startswith(VARIABLES)), None)
    if first is None:
        return sheet.rows[1:]
    aligned = []
    for row, length in zip(sheet.rows[1:], sheet.lengths[1:], strict=True):
        gap = len(headings) - length
        aligned.append([*row[: first - gap], *[""] * gap, *row[first - gap : length]])
    return aligned


def _path(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for name in names if name.strip())


def _is_text(number: str) -> bool:
    return not number.startswith(("imid:", "avid:"))


def _media(rows: Sequence[Sequence[str]], place: int) -> list[Problem]:
    count = sum(not _is_text(row[place]) for row in rows)
    if not count:
        return []
    text = "Kodierungen von Bildern, Ton oder Film, die nicht übernommen wurden: "
    text += f"{number(count)}."
    return [Problem("medien", "", text)]


def _variables(
    headings: Sequence[str], rows: Sequence[Sequence[str]], document: int
) -> list[Variable]:
    found = []
    for place, heading in enumerate(headings):
        if key(heading).startswith(VARIABLES):
            of_file = key(heading).startswith(VARIABLES[0])
            name = heading.partition("_")[2].strip()
            for row in rows:
                owner = ("", row[document].strip()) if of_file else (row[0].strip(),)
                if row[place].strip():
                    found.append(Variable(owner, name, row[place].strip()))
    return found
