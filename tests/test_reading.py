"""One way in: every file of the test material is read by the program that wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaltools import codings
from evaltools.errors import DataError

FILES = {
    "refi/qualcoder_lf.qdpx": (3, 10, 19),
    "refi/qualcoder_codebook.qdc": (0, 10, 0),
    "refi/taguette_codebook.qdc": (0, 12, 0),
    "taguette/project.sqlite3": (3, 12, 20),
    "taguette/highlights_all.csv": (3, 9, 20),
    "taguette/codebook.csv": (0, 12, 0),
    "qualcoder/Sozialraum.qda": (3, 10, 19),
    "qualcoder/Sozialraum.qda/data.qda": (3, 10, 19),
}


@pytest.mark.parametrize("file", FILES)
def test_each_file_is_read_by_its_own_reader(shared: Path, file: str) -> None:
    project = codings.read(shared / "qda" / file)
    made = (len(project.documents), len(project.codes), len(project.codings))
    assert made == FILES[file]


@pytest.mark.parametrize("variant", ["", "variants/"])
def test_all_refi_files_have_the_same_codings_or_say_why(shared: Path, variant: str) -> None:
    folder = shared / "qda" / "refi" / variant
    for path in sorted(folder.glob("*.qdpx")):
        project = codings.read(path)
        assert len(project.codings) == 19, path.name


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("leer.qdpx", b"", "leer.qdpx"),
        ("leer.csv", b"", "leer.csv"),
        ("brief.txt", b"Sehr geehrte Damen und Herren", "brief.txt"),
        ("bild.png", b"\x89PNG\r\n\x1a\n", "bild.png"),
        ("notizen.html", b"<html><body>Hallo</body></html>", "notizen.html"),
        ("archiv.zip", b"PK\x03\x04nothing", "archiv.zip"),
    ],
)
def test_what_is_no_file_of_codings_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        codings.read(path)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_a_missing_file_is_named_without_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^nichts\.qdpx: No such file"):
        codings.read(tmp_path / "nichts.qdpx")
