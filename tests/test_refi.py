from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from evaltools.codings import refi
from evaltools.codings.model import Project
from evaltools.errors import DataError

CODE, OTHER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
ANNA, DOC = "33333333-3333-3333-3333-333333333333", "44444444-4444-4444-4444-444444444444"
TEXT = "Erste Zeile\nZweite Zeile 🙂\n"
CODES = f"""<CodeBook><Codes><Code guid="{{{CODE.upper()}}}" name="Bedarfe" isCodable="true"
 color="#99CC66"><Description>Was &amp; wer</Description><Code guid="{OTHER}" name="Planung"
 isCodable="false"/></Code></Codes></CodeBook>"""


def coded(code: str = CODE, *, by: str = ANNA, inside: str = "") -> str:
    head = f'creatingUser="{{{by}}}" creationDateTime="2026-11-22T10:00:00Z"'
    return f'<Coding {head}><CodeRef targetGUID="{code}"/>{inside}</Coding>'


def picked(start: Any, end: Any, inside: str = "", *, name: str = "", own: str = "") -> str:
    guid = f'guid="{own}"' if own else ""
    head = f'{guid} startPosition="{start}" endPosition="{end}" name="{name}"'
    return f"<PlainTextSelection {head}>{inside}</PlainTextSelection>"


def source(inside: str, *, path: str = "", text: str | None = TEXT) -> str:
    content = "" if text is None else f"<PlainTextContent>{text}</PlainTextContent>"
    head = f'guid="{DOC}" name="FG" {path and f"plainTextPath={path!r}"}'
    return f"<TextSource {head}>{content}{inside}</TextSource>"


def opened(
    folder: Path,
    sources: str,
    *,
    more: str = "",
    files: dict[str, bytes] | None = None,
    member: str = "project.qde",
    space: str = "project:1.0",
) -> Project:
    path = folder / "probe.qdpx"
    users = f'<Users><User guid="{ANNA}" name="Anna"/></Users>'
    xml = f'<Project xmlns="urn:QDA-XML:{space}" name="p" origin="Probe">{users}{CODES}'
    xml += f"{more}<Sources>{sources}</Sources></Project>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in {member: xml.encode(), **(files or {})}.items():
            target.writestr(name, data)
    return refi.read(path)


def rules(project: Project) -> list[str]:
    return [problem.rule for problem in project.problems]


def gold_rows(shared: Path) -> list[tuple[Any, ...]]:
    gold = json.loads((shared / "qda" / "gold.json").read_text(encoding="utf-8"))
    keys = ("document", "code", "coder", "start", "end", "text")
    return sorted(tuple(row[key] for key in keys) for row in gold["codings"])


def rows(project: Project) -> list[tuple[Any, ...]]:
    frame = (
        project.codings.merge(project.segments.drop(columns="doc_id"), on="segment_id")
        .merge(project.documents[["doc_id", "name"]], on="doc_id")
        .merge(project.codes[["code_id", "name"]], on="code_id", suffixes=("_doc", ""))
        .merge(project.coders.rename(columns={"name": "coder"}), on="coder_id", how="left")
    )
    columns = frame[["name_doc", "name", "coder", "start", "end", "text"]].astype(object)
    plain = columns.where(columns.notna(), None)
    return sorted(plain.itertuples(index=False, name=None), key=str)


SHIFTED = ("bom_counted", "crlf_counted_lf_file", "inclusive_end", "lf_counted_crlf_file")
STRAIGHT = ("crlf_counted", "ns_0_10", "plaintextpath_without_scheme")


@pytest.mark.parametrize("name", [*SHIFTED, *STRAIGHT])
def test_every_variant_gives_the_published_codings(shared: Path, name: str) -> None:
    project = refi.read(shared / "qda" / "refi" / "variants" / f"{name}.qdpx")
    assert rows(project) == sorted(gold_rows(shared), key=str)
    assert rules(project) == (["offsets"] if name in SHIFTED else [])


@pytest.mark.parametrize("name", ["qualcoder_lf", "qualcoder_crlf_for_maxqda"])
def test_reads_what_qualcoder_writes(shared: Path, name: str) -> None:
    project = refi.read(shared / "qda" / "refi" / f"{name}.qdpx")
    assert rows(project) == sorted(gold_rows(shared), key=str)
    sizes = [len(project.table(name)) for name in ("codes", "documents", "cases", "coders")]
    assert sizes == [10, 3, 8, 2]
    assert set(project.variables["name"]) == {"Gruppe", "Berufsjahre"}
    assert project.origin[0].program == "QualCoder 4.0"


def test_without_users_the_codings_stay_and_the_coders_are_unknown(shared: Path) -> None:
    project = refi.read(shared / "qda" / "refi" / "variants" / "no_users.qdpx")
    assert rows(project) == sorted(
        ((*row[:2], None, *row[3:]) for row in gold_rows(shared)), key=str
    )
    assert rules(project) == ["coder"]


@pytest.mark.parametrize(("name", "count"), [("qualcoder", 10), ("taguette", 12)])
def test_reads_codebooks(shared: Path, name: str, count: int) -> None:
    project = refi.read_codebook(shared / "qda" / "refi" / f"{name}_codebook.qdc")
    assert len(project.codes) == count
    if name == "qualcoder":
        assert "Bedarfe > Jugendhilfeplanung" in set(project.codes["path"])
        assert "Definition: Bedarfe & <Test>" in set(project.codes["memo"])


def test_ids_lose_braces_and_case(tmp_path: Path) -> None:
    project = opened(tmp_path, source(picked(0, 5, coded(f"{{{CODE.upper()}}}"))))
    assert project.codes["code_id"].tolist() == [CODE, OTHER]
    assert project.codings["code_id"].tolist() == [CODE]
    assert project.codings["coder_id"].tolist() == [ANNA]


@pytest.mark.parametrize("space", ["project:0.4", "project:0:10", "project:1.0"])
@pytest.mark.parametrize("member", ["Project.qde", "Fokusgruppen.QDE", "p/project.qde"])
def test_names_of_members_and_namespaces_vary(tmp_path: Path, space: str, member: str) -> None:
    folder = member.rpartition("/")[0]
    where = f"{folder}/Sources/A.txt" if folder else "Sources/A.txt"
    project = opened(
        tmp_path,
        source(picked(0, 5), path="internal://{a}.TXT", text=None),
        files={where: TEXT.encode()},
        member=member,
        space=space,
    )
    assert project.documents["text"].tolist() == [TEXT]


@pytest.mark.parametrize(
    "path", ["internal://a.txt", "relative:///a.txt", "a.txt", "sources/a.txt"]
)
def test_schemes_of_paths_vary(tmp_path: Path, path: str) -> None:
    files = {"sources/a.txt": TEXT.encode()}
    project = opened(tmp_path, source("", path=path, text=None), files=files)
    assert project.documents["text"].tolist() == [TEXT]


@pytest.mark.parametrize(
    "path", ["absolute:///{}", "file://{}", "{}", "C:\\a.txt", "internal://../a.txt"]
)
def test_texts_outside_are_never_opened(tmp_path: Path, path: str) -> None:
    (tmp_path / "a.txt").write_text("geheim", encoding="utf-8")
    place = path.format(tmp_path / "a.txt")
    project = opened(tmp_path, source(picked(0, 3, coded()), path=place, text=None))
    assert project.documents["text"].isna().all()
    assert project.codings.empty
    assert rules(project) == ["text", "selection"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_vary(tmp_path: Path, encoding: str, end: str) -> None:
    data = TEXT.replace("\n", end).encode(encoding)
    start = data.decode(encoding).index("Zweite")
    project = opened(
        tmp_path,
        source(
            picked(start, start + 6, coded(), name="Zweite"), path="internal://a.txt", text=None
        ),
        files={"sources/a.txt": data},
    )
    assert project.documents["text"].tolist() == [TEXT]
    assert project.segments["text"].tolist() == ["Zweite"]
    assert not project.problems


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-32"])
def test_other_encodings_give_no_text_instead_of_a_wrong_one(tmp_path: Path, encoding: str) -> None:
    project = opened(
        tmp_path,
        source("", path="internal://a.txt", text=None),
        files={"sources/a.txt": "größer".encode(encoding)},
    )
    assert project.documents["text"].isna().all()
    assert rules(project) == ["text"]


def test_letters_are_not_normalised(tmp_path: Path) -> None:
    text = "a\u0308 ä"
    assert opened(tmp_path, source("", text=text)).documents["text"].tolist() == [text]


def test_a_coding_of_the_source_stands_at_the_whole_text(tmp_path: Path) -> None:
    project = opened(tmp_path, source(coded() + coded(OTHER)))
    assert project.segments[["start", "end", "text"]].to_numpy().tolist() == [[0, len(TEXT), TEXT]]
    assert project.codings["code_id"].tolist() == [CODE, OTHER]
    assert rules(project) == ["document"]


def test_a_selection_without_codings_is_a_segment(tmp_path: Path) -> None:
    project = opened(tmp_path, source(picked(0, 5)))
    assert project.segments["text"].tolist() == ["Erste"]
    assert project.codings.empty


@pytest.mark.parametrize(
    ("start", "end", "text"), [(12, 99, TEXT[12:]), (50, 60, None), (-3, 4, None), (5, 5, None)]
)
def test_places_outside_the_text_are_cut_or_left_out_and_told(
    tmp_path: Path, start: int, end: int, text: str | None
) -> None:
    project = opened(tmp_path, source(picked(start, end, coded())))
    assert project.segments["text"].tolist() == ([] if text is None else [text])
    assert rules(project) == ["outside"]


@pytest.mark.parametrize("position", ["", "x", "9" * 40, "9" * 9999])
def test_unreadable_positions_are_counted(tmp_path: Path, position: str) -> None:
    project = opened(tmp_path, source(picked(0, position, coded())))
    assert project.segments.empty
    assert rules(project) == ["selection"]


def test_selections_in_pictures_are_counted(tmp_path: Path) -> None:
    selection = '<PictureSelection guid="x" firstX="0" firstY="0" secondX="1" secondY="1"/>'
    project = opened(
        tmp_path, f'<PictureSource guid="b" name="Bild">{selection * 3}</PictureSource>'
    )
    assert project.documents["text"].isna().all()
    assert project.problems[-1].message.startswith("3 Markierungen")


def test_the_text_of_a_pdf_is_read(tmp_path: Path) -> None:
    body = f"<PlainTextContent>{TEXT}</PlainTextContent>{picked(0, 5, coded())}"
    pdf = f'<PDFSource guid="b" name="P"><Representation>{body}</Representation></PDFSource>'
    assert opened(tmp_path, pdf).segments["text"].tolist() == ["Erste"]


def test_memos_come_from_descriptions_and_notes(tmp_path: Path) -> None:
    inside = "<Description>beschrieben</Description>" + coded(inside='<NoteRef targetGUID="{N}"/>')
    notes = '<Notes><Note guid="n"><PlainTextContent>notiert</PlainTextContent></Note></Notes>'
    project = opened(tmp_path, source(picked(0, 5, inside)), more=notes)
    assert project.codings["memo"].tolist() == ["beschrieben\n\nnotiert"]
    assert project.codings["created"].tolist() == ["2026-11-22T10:00:00Z"]


def test_group_and_area_come_from_variables(tmp_path: Path) -> None:
    kinds = "".join(
        f'<Variable guid="{n}" name="{name}" typeOfVariable="Text"/>'
        for n, name in enumerate(("Dokumentgruppe", "Gebiet", "Leitung"))
    )
    values = "".join(
        f'<VariableValue><VariableRef targetGUID="{n}"/><TextValue>w{n}</TextValue></VariableValue>'
        for n in range(4)
    )
    project = opened(tmp_path, source(values), more=f"<Variables>{kinds}</Variables>")
    assert project.documents[["group", "area_id"]].to_numpy().tolist() == [["w0", "w1"]]
    assert project.variables[["name", "value"]].to_numpy().tolist() == [["Leitung", "w2"]]
    assert rules(project) == ["variable"]


def test_a_selection_given_twice_counts_once(tmp_path: Path) -> None:
    twice = picked(0, 5, coded(), own="s") * 2
    project = opened(tmp_path, source(twice))
    assert (len(project.segments), len(project.codings)) == (1, 1)
    assert rules(project) == ["double"]


def test_one_id_for_two_places_becomes_two(tmp_path: Path) -> None:
    parts = picked(0, 5, own="s") + picked(6, 11, own="s")
    project = opened(tmp_path, source(parts))
    assert project.segments["text"].tolist() == ["Erste", "Zeile"]
    assert rules(project) == ["id"]


def test_codings_of_unknown_codes_are_counted(tmp_path: Path) -> None:
    project = opened(tmp_path, source(picked(0, 5, coded(DOC))))
    assert project.codings.empty
    assert rules(project) == ["code"]


@pytest.mark.parametrize("names", [(), ("a.qde", "b.qde")])
def test_a_project_has_one_file_of_codings(tmp_path: Path, names: tuple[str, ...]) -> None:
    path = tmp_path / "p.qdpx"
    with zipfile.ZipFile(path, "w") as target:
        for name in names:
            target.writestr(name, "<Project/>")
    with pytest.raises(DataError, match=rf"p\.qdpx: holds {len(names)} files \.qde"):
        refi.read(path)


LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha">' + "".join(
    f'<!ENTITY b{n} "{"&b;" * 10}">' for n in range(9)
)
HOSTILE = {
    "document type": "<!DOCTYPE CodeBook><CodeBook/>",
    "document type or": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><CodeBook>&b;</CodeBook>',
    "declares a": f"{LAUGHS}]><CodeBook>&b8;</CodeBook>",
    "deeper than": "<Code>" * 5000,
    "more than 4,000,000": f'<CodeBook origin="{"x" * 5_000_000}"/>',
    "no sound XML": "<CodeBook>",
    "element found": "",
    "holds 'html'": "<html/>",
    "unknown encoding": '<?xml version="1.0" encoding="klingonisch"?><CodeBook/>',
}


@pytest.mark.parametrize(("told", "xml"), HOSTILE.items(), ids=list(HOSTILE))
def test_hostile_xml_is_refused_in_one_line(tmp_path: Path, told: str, xml: str) -> None:
    path = tmp_path / "p.qdc"
    path.write_text(xml, encoding="utf-8")
    with pytest.raises(DataError, match=told) as caught:
        refi.read_codebook(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("p.qdc: ")


def test_too_many_elements_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refi.xmltree, "MAX_ELEMENTS", 5)
    with pytest.raises(DataError, match="more than 5 elements"):
        opened(tmp_path, source(""))


def test_says_when_a_codebook_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^fehlt\.qdc: cannot be opened"):
        refi.read_codebook(tmp_path / "fehlt.qdc")
