"""What identifies a person, a case, a user or this machine is in no file that leaves the office.

Canaries are put where such things really stand, everything is run, and every public file is
searched down to its last layer. The search itself is shown to find a canary in each layer.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import urllib.parse
import zipfile
import zlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import nbformat
import pytest
import yaml

from conftest import copy_project
from evaltools.codings import demo as spoken
from evaltools.codings import pseudonyms, refi_write
from evaltools.study import Workspace, open_study
from robust_samples import public

CASE = "AZ-4711-GEHEIM"
PERSON = "Zacharias Kanarienvogel"
USER = "ukanarie4711"
FOLDER = "kanarienordner"
PROJECT = "kanarienprojekt"
HOME = "kanarienheim"
CANARIES = (CASE, PERSON, PERSON.replace(" ", "-"), USER, FOLDER, PROJECT, HOME)

# The code names no canary: it reads them, as a notebook of the office would.
FAILING = """\
row = store.read(space, "hze_case").dropna(subset=["reason"]).iloc[0]
print(row.to_dict(), space.root)
display(row.to_frame())
raise ValueError(f"wrong row in {space.raw}: {row.to_dict()}")"""


# --- the search -----------------------------------------------------------------------------------


def leaks(content: bytes, canaries: tuple[str, ...] = CANARIES) -> set[str]:
    """Canaries in a file, however they are wrapped."""
    found = {canary for text in readings(content) for canary in canaries if canary in text}
    for inner in layers(content):
        found |= leaks(inner, canaries)
    return found


def readings(content: bytes) -> list[str]:
    """The bytes as text, as written and with the usual escapes undone."""
    texts = [content.decode(name, "ignore") for name in ("utf-8", "latin-1", "utf-16-le")]
    texts.append(content[1:].decode("utf-16-le", "ignore"))
    plain = [re.sub(r"<[^>]*>", "", text) for text in texts]
    both = texts + plain
    both += [html.unescape(text) for text in both] + [urllib.parse.unquote(text) for text in texts]
    both += [re.sub(r"\\u([0-9a-fA-F]{4})", lambda hit: chr(int(hit[1], 16)), t) for t in texts]
    return [re.sub(r"\s+", " ", text) for text in both]


def layers(content: bytes) -> list[bytes]:
    """What lies inside: base64 runs, parts of a zip archive, texts of a PNG."""
    inner, joined = [], re.sub(rb"[\r\n]", b"", content)
    for letters, others in ((rb"[A-Za-z0-9+/]{24,}", None), (rb"[A-Za-z0-9_-]{24,}", b"-_")):
        for run in re.findall(letters, joined):
            whole = run[:-1] if len(run) % 4 == 1 else run
            inner.append(base64.b64decode(whole + b"=" * (-len(whole) % 4), others))
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inner += [archive.read(name) for name in archive.namelist()]
            inner += [archive.comment, "\n".join(archive.namelist()).encode()]
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        inner += png_texts(content)
    return inner


def png_texts(content: bytes) -> list[bytes]:
    texts, place = [], 8
    while place + 8 <= len(content):
        (size,) = struct.unpack(">I", content[place : place + 4])
        kind, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        if kind in (b"zTXt", b"iTXt"):
            for start in range(len(data)):
                if data[start] == 0x78:
                    try:
                        texts.append(zlib.decompressobj().decompress(data[start:]))
                    except zlib.error:
                        continue
        place += size + 12
    return texts


def png(text: str) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data))

    packed = b"Author\x00\x00" + zlib.compress(text.encode())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", packed) + chunk(b"IEND", b"")


def xlsx(text: str) -> bytes:
    import openpyxl

    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Fall", text])
    book.save(file)
    return file.getvalue()


def executed_notebook(text: str) -> bytes:
    cell = nbformat.v4.new_code_cell("1", metadata={"papermill": {"input": text}})
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()


PLANTED = {
    "plain": lambda text: f"<p>{text}</p>".encode(),
    "entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text).encode(),
    "split by tags": lambda text: f"<b>{text[:5]}</b>{text[5:]}".encode(),
    "over two lines": lambda text: text.replace(" ", "\n  ").encode(),
    "in a link": lambda text: f'<a href="{urllib.parse.quote(text)}">'.encode(),
    "svg": lambda text: f"<svg><desc>{text}</desc></svg>".encode(),
    "svg in base64": lambda text: (
        b"data:image/svg+xml;base64," + base64.b64encode(f"<svg><!-- {text} --></svg>".encode())
    ),
    "png text in base64": lambda text: b'src="data:;base64,' + base64.b64encode(png(text)) + b'"',
    "base64 in lines": lambda text: base64.encodebytes(png(text * 9)),
    "workbook": xlsx,
    "archive": lambda text: zipped(xlsx(text)),
    "table": lambda text: f"Fall;Wert\n{text};1\n".encode("cp1252"),
    "utf-16": lambda text: f"Fall;{text}".encode("utf-16"),
    "json": lambda text: json.dumps({"a": "ü" + text}).replace(text[0], f"\\u00{ord(text[0]):x}"),
    "notebook metadata": executed_notebook,
}


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.xlsx", content)
    return file.getvalue()


@pytest.mark.parametrize("canary", [CASE, PERSON, FOLDER])
@pytest.mark.parametrize("way", PLANTED)
def test_the_search_finds_a_planted_canary(way: str, canary: str) -> None:
    planted = PLANTED[way](canary)
    planted = planted.encode() if isinstance(planted, str) else planted
    assert canary in leaks(planted)
    harmless = PLANTED[way]("Name des Kindes")
    assert leaks(harmless.encode() if isinstance(harmless, str) else harmless) == set()


# --- the run --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """The study after its run, and what the terminal showed."""

    space: Workspace
    code: int
    told: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The demo city with canaries in it, all notebooks for one area and one that fails."""
    root = copy_project(tmp_path_factory.mktemp("canary") / PROJECT, "demo")
    home = root.with_name(HOME)
    home.mkdir()
    put_in(root)
    names = {"HOME": str(home), "USER": USER, "LOGNAME": USER, "USERNAME": USER}
    command = [sys.executable, "-m", "evaltools.cli", "run", "demo"]
    done = subprocess.run(
        command, cwd=root, env=os.environ | names, capture_output=True, text=True, check=False
    )
    return Ran(open_study("demo", folder=root), done.returncode, done.stdout + done.stderr)


def put_in(root: Path) -> None:
    """Put canaries where such things stand, and move the raw files into a folder with a name."""
    raw = root / "data" / "raw" / "demo"
    edit(raw / "faelle.csv", "utf-8", case)
    edit(raw / "angebote.csv", "cp1252", offer)
    edit(raw / "gebiete.csv", "utf-8", area)
    edit(raw / "meilensteine.csv", "utf-8", lambda _, row: row | {"Beleg": f"{PERSON}, {CASE}"})
    for file, column in NUMBERED.items():
        edit(raw / f"{file}.csv", "utf-8", partial(numbered, column))
    voices(raw)
    sources = yaml.safe_load((raw / "sources.yml").read_text("utf-8"))
    sources["folders"] = [FOLDER]
    for source in sources["sources"]:
        source["note"] = f"geliefert von {USER}"
        if source["id"] == "faelle":
            more = {"Grund": "reason", "Anreger": "initiator", "Ausgang": "end_reason"}
            source["columns"] |= more
    (raw / "sources.yml").write_text(yaml.safe_dump(sources, allow_unicode=True), "utf-8")
    corrections = (raw / "corrections.yml").read_text("utf-8")
    (raw / "corrections.yml").write_text(
        re.sub(r"decided_by: .*", f"decided_by: {USER}", corrections), "utf-8"
    )
    (raw / FOLDER).mkdir()
    for file in [*raw.glob("*.csv"), *raw.glob("*.xlsx"), *raw.glob("*.qdpx")]:
        shutil.move(file, raw / FOLDER)
    notebook = nbformat.read(root / "notebooks" / "00_datenlage.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(FAILING))
    nbformat.write(notebook, root / "notebooks" / "99_fehler.ipynb")
    shrink(root / "studies" / "demo.yml")


def shrink(study: Path) -> None:
    """Leave one model area and ten years, which is quick; add the notebook that fails."""
    told = yaml.safe_load(study.read_text("utf-8"))
    told |= {"first": 2013, "last": 2022}
    told["model_areas"] = [item for item in told["model_areas"] if item["area"] == "SR04"]
    told["outcomes"]["further"] = ["stationaer"]
    for row in told["codings"]["joint"]:
        for other in ("SR10", "SR14"):
            row.get("readings", {}).pop(other, None)
    told["notebooks"]["area"].insert(0, "99_fehler")
    told["notebooks"]["city"] = ["60_fokusgruppen"]
    study.write_text(yaml.safe_dump(told, allow_unicode=True), "utf-8")


def voices(raw: Path) -> None:
    """Let the interviews, their names and memos speak of the person; the user coded them."""
    project = pseudonyms.pseudonymise(spoken.project(), {"Quellmann": PERSON, "Erlenpfad": CASE})
    documents, codes = project.documents, project.codes
    project = replace(
        project,
        documents=documents.assign(group=documents["group"] + f" ({PERSON})"),
        codes=codes.assign(memo=f"so {PERSON}"),
        coders=project.coders.assign(name=[USER, f"{USER} {PERSON}"]),
    )
    refi_write.project(project, raw / "fokusgruppen.qdpx")
    file = raw / "pseudonyme.csv"
    rows = f"{PERSON};[Person 1];Person\r\n{CASE};[Straße 1];Straße\r\n"
    file.write_bytes(file.read_bytes() + rows.encode())
    edit(raw / "gespraeche.csv", "utf-8", lambda n, row: row | {"Gruppe": f"Runde {n} {PERSON}"})
    edit(raw / "freigabe.csv", "utf-8", lambda n, row: row | {"durch": USER})


def edit(path: Path, encoding: str, change: object) -> None:
    with path.open(encoding=encoding, newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert callable(change)
    changed = [change(number, dict(row)) for number, row in enumerate(rows)]
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(changed[0]), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(changed)


def case(number: int, row: dict[str, str]) -> dict[str, str]:
    if number % 500 == 0:
        row["Fallnummer"] = f"{CASE}-{number}"
        row["Personennummer"] = row["Familiennummer"] = PERSON.replace(" ", "-")
    texts = dict.fromkeys(("Grund", "Anreger", "Ausgang"), f"{PERSON}, {CASE}, {USER}")
    return row | (texts if row["Stadtraum"] == "SR04" else dict.fromkeys(texts, ""))


def offer(number: int, row: dict[str, str]) -> dict[str, str]:
    row["Angebot"] = f"{CASE}-{number}"
    return row


NUMBERED = {
    "handlungsbudget": "Antrag",
    "familienbefragung": "Antwort",
    "kurzbefragung": "Antwort",
    "kooperation": "Organisation",
    "fallunspezifisch": "Eintrag",
    "familienzentren": "Zentrum",
}


def numbered(column: str, number: int, row: dict[str, str]) -> dict[str, str]:
    """Put the case's number in front of an id; each stays what it was among the others."""
    return row | {column: f"{CASE}-{row[column]}"[:32]}


def area(number: int, row: dict[str, str]) -> dict[str, str]:
    return row | {"Bemerkung": f"zuständig: {PERSON} ({USER})"}


def test_everything_ran_and_read_the_canaries(ran: Ran) -> None:
    assert ran.code == 8, ran.told
    assert "1 of 12 notebooks failed" in ran.told
    assert len([name for name in public(ran.space) if name.endswith(".html")]) == 12
    page = (ran.space.reports / "stadt" / "60_fokusgruppen.html").read_text(encoding="utf-8")
    assert "„Frau [Person 1] hat am [Straße 1] einen langen Tisch aufgestellt" in page
    listed = (ran.space.processed / "coding_document.parquet").read_bytes()
    assert PERSON in leaks(listed, (PERSON,))
    cases = (ran.space.processed / "hze_case.parquet").read_bytes()
    assert {CASE, PERSON} <= leaks(cases, (CASE, PERSON)), "the canaries are in the tables"
    for name in ("milestone", "action_budget", "family_acceptance", "cooperation", "kifaz"):
        table = (ran.space.processed / f"{name}.parquet").read_bytes()
        assert leaks(table, (CASE, PERSON)), name


def test_no_public_file_holds_a_canary(ran: Ran) -> None:
    files = public(ran.space)
    found = {name: leaks(content) | leaks(name.encode()) for name, content in files.items()}
    assert {name: canaries for name, canaries in found.items() if canaries} == {}
    inside = (str(ran.space.root), str(Path(__file__).parent.parent), sys.prefix)
    found = {name: leaks(content, inside) for name, content in files.items()}
    assert {name: places for name, places in found.items() if places} == {}


def test_the_terminal_shows_no_canary(ran: Ran) -> None:
    assert leaks(ran.told.encode(), (*CANARIES, str(ran.space.root))) == set()
    assert re.search(r"failed: SR04 99_fehler: cell \d+: ValueError; its message", ran.told)


def test_the_kept_notebook_holds_no_canary(ran: Ran) -> None:
    (kept,) = (ran.space.processed / "failed").iterdir()
    content = kept.read_bytes()
    assert (
        FAILING.splitlines()[0] in nbformat.reads(content.decode(), as_version=4).cells[-1].source
    )
    assert leaks(content, (*CANARIES, str(ran.space.root), sys.prefix)) == set()
