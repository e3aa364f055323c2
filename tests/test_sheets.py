"""Tables of foreign programs: encodings and delimiters are told, hostile files are refused."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from ast import literal_eval
from collections.abc import Mapping
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from evaltools.codings import sheets
from evaltools.errors import DataError

ROWS = [
    ["Code", "Wörter", "Ort"],
    ["Bedarfe", 'sagt "ja";\nund, dann', "Plauen 🙂"],
    ["x", "", "ä"],
]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
SHEET = "xl/worksheets/sheet1.xml"
MEGABYTES = 200
STATUS = Path("/proc/self/status")


def parts(cells: str, *, shared: str = "") -> dict[str, bytes]:
    """Return the members of the smallest workbook calamine reads."""
    made = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
    }
    return {name: text.encode() for name, text in made.items()}


def packed(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def cell(place: str, text: str = "1") -> str:
    row = "".join(filter(str.isdigit, place))
    return f'<row r="{row}"><c r="{place}" t="inlineStr"><is><t>{text}</t></is></c></row>'


def claiming(size: int) -> bytes:
    """Return a workbook whose directory gives its sheet another size than it has."""
    data = bytearray(packed(parts(cell("A1"))))
    place = data.rindex(SHEET.encode()) - 46
    assert data[place : place + 4] == b"PK\x01\x02"
    data[place + 24 : place + 28] = struct.pack("<I", size)
    return bytes(data)


def entities(encoding: str) -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE w [<!ENTITY l0 "ha">{laughs}]>'
        f'<worksheet xmlns="{MAIN}"><sheetData>{cell("A1", "&l9;")}</sheetData></worksheet>'
    )
    return packed(parts("") | {SHEET: text.encode(encoding)})


def outside() -> bytes:
    text = '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst><si><t>&x;</t></si></sst>'
    return packed(parts(cell("A1")) | {"xl/sharedStrings.xml": text.encode()})


def repeated() -> bytes:
    """Return a workbook that shows one long text in very many cells."""
    rows = "".join(f'<row><c t="s"><v>0</v><!--{n}--></c></row>' for n in range(10_000))
    return packed(parts(rows, shared=f"<si><t>{'lang ' * 2000}</t></si>"))


HOSTILE = {
    "bomb.xlsx": lambda: packed(parts(cell("A1")) | {SHEET: b" " * 20_000_000}),
    "claim.xlsx": lambda: claiming(2_000_000_000),
    "lie.xlsx": lambda: claiming(10),
    "members.xlsx": lambda: packed({f"{n:0200}": b"" for n in range(20_000)}),
    "outward.xlsx": lambda: packed(parts(cell("A1")) | {"../../evil.xml": b"<a/>"}),
    "laughs.xlsx": lambda: entities("utf-8"),
    "laughs16.xlsx": lambda: entities("utf-16"),
    "outside.xlsx": outside,
    "repeated.xlsx": repeated,
    "stray.xlsx": lambda: packed(parts(cell("A1") + cell("XFD1048576"))),
    "quoted.xlsx": lambda: packed(parts(cell("A1") + cell("XFD1048576").replace('"', "'"))),
    "row.xlsx": lambda: packed(parts(cell("ZZ1") + '<row r="1048576"><c><v>1</v></c></row>')),
    "broken.xlsx": lambda: packed(parts("<row><c>")),
    "cut.xlsx": lambda: packed(parts(cell("A1")))[:-30],
    "project.qdpx": lambda: packed({"project.qde": b"<Project/>"}),
    "line.csv": lambda: b"a;b\n" + b"x" * 5_000_000,
    "fields.csv": lambda: b"a;b\n" + b";" * 900_000 + b"\n",
    "rows.csv": lambda: b"a;b\n" + b"1;2\n" * 300_001,
    "large.csv": lambda: bytes(65_000_000),
    "nul.csv": lambda: b"a;b\n1;\0\n",
    "old.csv": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100,
    "picture.csv": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10,
    "quote.csv": lambda: b'a;b\n1;"2\n' + b"3;4\n" * 100_000,
    "empty.csv": lambda: b"",
}
# One process for all: the largest memory it ever had is what is looked at. getrusage would count
# that of the process which started it, too.
ASK = """
import re, sys
from pathlib import Path
from evaltools.codings import sheets
from evaltools.errors import DataError
for name in sys.argv[1:]:
    try:
        sheets.read(Path(name))
    except DataError as error:
        print(repr(str(error)))
    else:
        print(name, "was read")
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(not STATUS.exists(), reason="the largest memory is read from /proc")
def test_hostile_files_are_refused_in_one_line_and_little_memory(tmp_path: Path) -> None:
    for name, make in HOSTILE.items():
        (tmp_path / name).write_bytes(make())
    asked = [sys.executable, "-c", ASK, *(str(tmp_path / name) for name in HOSTILE)]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=120)
    *messages, memory = told.stdout.splitlines()
    for name, message in zip(HOSTILE, map(literal_eval, messages), strict=True):
        assert message.startswith(f"{name}: ")
        assert "\n" not in message
        assert str(tmp_path) not in message
    assert int(memory) < 1024 * MEGABYTES


def text(encoding: str, delimiter: str) -> bytes:
    def quoted(words: str) -> str:
        return '"' + words.replace('"', '""') + '"' if set(words) & set('";,\n') else words

    lines = [delimiter.join(map(quoted, row)) for row in ROWS]
    return ("\r\n".join(lines) + "\r\n\r\n").encode(encoding)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_and_delimiter_gives_the_same_rows(
    encoding: str, delimiter: str, tmp_path: Path
) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(text(encoding, delimiter))
    read = sheets.read(file)
    assert read.rows == ROWS
    assert read.problems == ()


def test_windows_text_is_read_and_put_on_record(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes("Code;Wörter\nBedarfe;„Säule“\n".encode("cp1252"))
    read = sheets.read(file)
    assert read.rows[1] == ["Bedarfe", "„Säule“"]
    assert [problem.rule for problem in read.problems] == ["zeichensatz"]


def test_line_ends_become_lf_and_short_rows_are_filled(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(b'a;b;c\r\n"1\r\n2\r3";x\r\n')
    read = sheets.read(file)
    assert read.rows == [["a", "b", "c"], ["1\n2\n3", "x", ""]]
    assert read.lengths == [3, 2]


def test_a_workbook_gives_the_rows_of_its_first_sheet(tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    book = Workbook(file)
    book.add_worksheet("leer")
    first, second = book.add_worksheet("eins"), book.add_worksheet("zwei")
    for number, row in enumerate(ROWS):
        first.write_row(number + 1, 0, row)
    first.write_number(4, 0, 12)
    second.write_string(0, 0, "x")
    book.close()
    read = sheets.read(file)
    assert read.rows == [*ROWS, ["12", "", ""]]
    assert [problem.place for problem in read.problems] == ["eins"]


def test_a_workbook_may_be_named_csv(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(packed(parts(cell("A1", "Code"))))
    assert sheets.read(file).rows == [["Code"]]


def test_a_formula_is_refused_only_in_a_column_that_is_used(tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>1+1</f><v>2</v></c></row>'
    file.write_bytes(packed(parts(rows)))
    read = sheets.read(file)
    sheets.refuse_formulas(read, [0])
    with pytest.raises(DataError, match="cell B1 holds a live formula"):
        sheets.refuse_formulas(read, [0, 1])


def test_a_text_of_the_length_of_a_cell_is_put_on_record(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a;b\n1;" + "x" * 32_767 + "\n", encoding="utf-8")
    assert [problem.rule for problem in sheets.read(file).problems] == ["gekuerzt"]


def test_a_missing_file_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^none\.csv: cannot be read"):
        sheets.read(tmp_path / "none.csv")


def test_the_limits_leave_room_for_a_large_table(tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    book = Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet()
    for number in range(3_000):
        sheet.write_row(
            number, 0, ["Gruppe", f"Dokument {number % 7}", "Code", number, "Wort " * 60]
        )
    book.close()
    assert len(sheets.read(file).rows) == 3_000
