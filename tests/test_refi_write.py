from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest
from hypothesis import HealthCheck, given, settings

from coding_samples import guid, project, projects, same
from evaltools.codings import refi, refi_write
from evaltools.codings.model import COLUMNS, Project
from evaltools.errors import DataError

GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
ANY, WHEN = r"(?s).*", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
KINDS = "Text|Boolean|Integer|Float|Date|DateTime"
# What an attribute may hold; those with a star must be there.
ATTRIBUTES = {
    "Project": {"name*": ANY, "origin": ANY},
    "User": {"guid*": GUID, "name": ANY},
    "Code": {
        "guid*": GUID,
        "name*": ANY,
        "isCodable*": "true|false|1|0",
        "color": "#([0-9A-Fa-f]{3}){1,2}",
    },
    "Variable": {"guid*": GUID, "name*": ANY, "typeOfVariable*": KINDS},
    "Case": {"guid*": GUID, "name": ANY},
    "TextSource": {"guid*": GUID, "name": ANY, "plainTextPath": f"internal://{GUID}\\.txt"},
    "PlainTextSelection": {
        "guid*": GUID,
        "name": ANY,
        "startPosition*": r"\d+",
        "endPosition*": r"\d+",
    },
    "Coding": {"guid*": GUID, "creatingUser": GUID, "creationDateTime": WHEN},
    "Note": {"guid*": GUID},
    "CodeBook": {"origin": ANY},
    "CodeRef": {"targetGUID*": GUID},
    "NoteRef": {"targetGUID*": GUID},
    "VariableRef": {"targetGUID*": GUID},
}
# Children in their order, each followed by a semicolon.
CHILDREN = {
    "Project": "(Users;)?(CodeBook;)?(Variables;)?(Cases;)?(Sources;)?(Notes;)?",
    "Users": "(User;)+",
    "CodeBook": "Codes;",
    "Codes": "(Code;)+",
    "Code": "(Description;)?(Code;)*",
    "Variables": "(Variable;)+",
    "Cases": "(Case;)+",
    "Case": "(Description;)?(VariableValue;)*",
    "VariableValue": f"VariableRef;(({KINDS})Value;)?",
    "Sources": "(TextSource;)+",
    "TextSource": "(PlainTextSelection;)*(Coding;)*(VariableValue;)*",
    "PlainTextSelection": "(Coding;)*",
    "Coding": "CodeRef;(NoteRef;)*",
    "Notes": "(Note;)+",
    "Note": "(PlainTextContent;)?",
}
VALUES = {
    "BooleanValue": "true|false|1|0",
    "IntegerValue": r"[+-]?\d+",
    "FloatValue": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    "DateValue": r"\d{4}-\d\d-\d\d",
    "DateTimeValue": WHEN,
}


def faults(element: Element, space: str) -> list[str]:
    """What a written element breaks of the standard's schema, and what is below it."""
    prefix, name = f"{{urn:QDA-XML:{space}:1.0}}", element.tag.rpartition("}")[2]
    found = [] if element.tag == f"{prefix}{name}" else [f"{element.tag}: namespace"]
    allowed = ATTRIBUTES.get(name, {})
    shapes = {key.rstrip("*"): shape for key, shape in allowed.items()}
    must = {key.rstrip("*") for key in allowed if key.endswith("*")}
    found += [f"{name}: lacks {key}" for key in must - set(element.attrib)]
    for key, value in element.attrib.items():
        if key not in shapes or not re.fullmatch(shapes[key], value):
            found.append(f"{name}: {key}={value!r}")
    below = "".join(f"{child.tag.rpartition('}')[2]};" for child in element)
    if not re.fullmatch(CHILDREN.get(name, ""), below):
        found.append(f"{name}: children {below}")
    if not re.fullmatch(VALUES.get(name, ANY), element.text or ""):
        found.append(f"{name}: {element.text!r}")
    return found + [fault for child in element for fault in faults(child, space)]


def written(made: Project, folder: Path) -> tuple[Project, Element]:
    path = folder / "probe.qdpx"
    refi_write.project(made, path)
    with zipfile.ZipFile(path) as archive:
        root = fromstring(archive.read("project.qde"))
    return refi.read(path), root


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(projects())
def test_random_projects_are_valid_and_read_back_identical(tmp_path: Path, made: Project) -> None:
    back, root = written(made, tmp_path)
    same(made, back)
    assert faults(root, "project") == []
    assert {problem.rule for problem in back.problems} <= {"text"}


def with_crlf(path: Path) -> None:
    """Give every text CRLF line ends, and let positions count both signs, as the standard does."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    book = "project.qde"
    root = fromstring(content[book])
    for source in root.iter("{*}TextSource"):
        member = str(source.get("plainTextPath")).replace("internal://", "sources/")
        (name,) = (name for name in content if name.lower() == member.lower())
        text = content[name].decode("utf-8-sig")
        content[name] = text.replace("\n", "\r\n").encode()
        for selection in source.iter("{*}PlainTextSelection"):
            for side in ("startPosition", "endPosition"):
                place = int(str(selection.get(side)))
                selection.set(side, str(place + text.count("\n", 0, place)))
    content[book] = tostring(root, encoding="utf-8")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(projects())
def test_random_projects_with_crlf_texts_read_back_identical(tmp_path: Path, made: Project) -> None:
    path = tmp_path / "crlf.qdpx"
    refi_write.project(made, path)
    plain = refi.read(path)
    with_crlf(path)
    same(refi.read(path), plain)


def test_the_grammar_finds_faults() -> None:
    space = 'xmlns="urn:QDA-XML:project:1.0"'
    assert faults(fromstring(f'<Project {space} name="a"/>'), "project") == []
    for xml in (
        f"<Project {space}/>",
        '<Project name="a"/>',
        f'<Project {space} name="a"><Sources/></Project>',
        f'<Project {space} name="a"><Cases><Case guid="1"/></Cases></Project>',
    ):
        assert faults(fromstring(xml), "project")


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.qdpx", tmp_path / "two.qdpx"
    refi_write.project(project(), one)
    refi_write.project(project(), two)
    assert one.read_bytes() == two.read_bytes()


def test_a_project_keeps_its_rows_and_says_who_wrote_it(tmp_path: Path) -> None:
    made = project()
    back, root = written(made, tmp_path)
    same(made, back)
    assert root.get("origin") == "evaltools"
    assert not back.problems


def test_a_codebook_is_valid_and_reads_back_identical(tmp_path: Path) -> None:
    path = tmp_path / "probe.qdc"
    refi_write.codebook(project(), path)
    assert faults(fromstring(path.read_bytes()), "codebook") == []
    assert refi.read_codebook(path).codes.equals(project().codes)


def test_a_codebook_without_codes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without codes"):
        refi_write.codebook(project(codes=[], codings=[]), tmp_path / "p.qdc")


def test_ids_of_other_programs_become_the_same_guids_each_time(tmp_path: Path) -> None:
    made = _numbered(project())
    back, _ = written(made, tmp_path)
    again, _ = written(made, tmp_path)
    same(back, again)
    for name in COLUMNS:
        plain = [column for column in COLUMNS[name] if not column.endswith("_id")]
        assert back.table(name)[plain].equals(made.table(name)[plain])


def _numbered(made: Project) -> Project:
    """The project with short ids, as programs with a database have them."""
    ids: dict[str, str] = {}
    tables = {}
    for name in COLUMNS:
        frame = made.table(name).copy()
        for column in [one for one in frame if one.endswith("_id") and one != "area_id"]:
            frame[column] = frame[column].map(
                lambda own: ids.setdefault(own, f"n{len(ids)}"), na_action="ignore"
            )
        tables[name] = frame.astype(dict(COLUMNS[name]))
    return replace(made, **tables)


def test_a_document_coded_as_a_whole_is_written_so(tmp_path: Path) -> None:
    doc = guid("Bild")
    segment = refi_write.new_guid("document", doc)
    made = project(
        documents=[(doc, "Bild", None, None, None, None)],
        segments=[(segment, doc, None, None, None, None, None)],
        codings=[(guid("k"), segment, doc, guid("Bedarfe"), None, None, None)],
        variables=[],
    )
    back, root = written(made, tmp_path)
    same(made, back)
    assert faults(root, "project") == []


def test_segments_without_positions_are_refused(tmp_path: Path) -> None:
    doc = guid("Tabelle")
    made = project(
        documents=[(doc, "Tabelle", None, None, None, None)],
        segments=[(guid("s"), doc, None, None, "Worte", 3, 4)],
        codings=[],
        variables=[],
    )
    with pytest.raises(DataError, match="1 segments have no positions"):
        refi_write.project(made, tmp_path / "p.qdpx")


@pytest.mark.parametrize("text", ["a\r\nb", "\ufeffa", "a\0"])
def test_texts_that_would_shift_positions_are_refused(tmp_path: Path, text: str) -> None:
    made = project(
        documents=[(guid("d"), "FG", None, None, text, None)], segments=[], codings=[], variables=[]
    )
    with pytest.raises(DataError, match="'FG' holds a CR"):
        refi_write.project(made, tmp_path / "p.qdpx")


def test_what_xml_cannot_hold_is_refused_in_a_memo(tmp_path: Path) -> None:
    made = project(coders=[(guid("Anna"), "An\x0bna"), (guid("Björn"), "B")])
    with pytest.raises(DataError, match=r"U\+000B"):
        refi_write.project(made, tmp_path / "p.qdpx")
    assert not (tmp_path / "p.qdpx").exists()


def test_what_xml_cannot_hold_may_stand_in_a_text(tmp_path: Path) -> None:
    text, doc = "Seite\x0ceins", guid("d")
    made = project(
        documents=[(doc, "FG", None, None, text, None)],
        segments=[(guid("s"), doc, 0, 8, text[:8], None, None)],
        codings=[],
        variables=[],
    )
    same(made, written(made, tmp_path)[0])


def test_values_that_break_their_type_become_texts(tmp_path: Path) -> None:
    made = project(variables=[(guid("v"), "Alter", "Integer", "case", guid("P1"), "um 40")])
    back, root = written(made, tmp_path)
    assert back.variables[["type", "value"]].to_numpy().tolist() == [["Text", "um 40"]]
    assert faults(root, "project") == []


def test_times_are_written_as_the_schema_wants_them(tmp_path: Path) -> None:
    times = ["2026-11-22 10:00:00", "22.11.2026", "2026-11-22T10:00:00Z", None]
    made = project()
    made = replace(made, codings=made.codings.assign(created=times).astype({"created": "string"}))
    back, root = written(made, tmp_path)
    assert faults(root, "project") == []
    told = back.codings.set_index("coding_id")["created"].reindex(made.codings["coding_id"])
    assert told.astype(object).where(told.notna(), None).tolist() == [
        "2026-11-22T10:00:00",
        None,
        "2026-11-22T10:00:00Z",
        None,
    ]


def test_the_project_is_not_changed(tmp_path: Path) -> None:
    made, kept = project(), project()
    refi_write.project(made, tmp_path / "p.qdpx")
    same(made, kept)


def test_published_projects_read_back_identical(shared: Path, tmp_path: Path) -> None:
    made = refi.read(shared / "qda" / "refi" / "qualcoder_lf.qdpx")
    back, root = written(made, tmp_path)
    same(made, back)
    assert faults(root, "project") == []
