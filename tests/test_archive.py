from __future__ import annotations

import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evaltools.codings import archive
from evaltools.errors import DataError

Member = tuple[str | zipfile.ZipInfo, bytes]


def packed(path: Path, *members: Member) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members:
            target.writestr(name, data)
    return path


def patched(path: Path, change: Callable[[bytearray, int], None]) -> Path:
    """Change a file in place, given where its table of contents begins."""
    data = bytearray(path.read_bytes())
    change(data, data.index(b"PK\x01\x02"))
    path.write_bytes(data)
    return path


def claim(data: bytearray, entry: int, *, size: int, packed_size: int | None = None) -> None:
    data[entry + 24 : entry + 28] = data[22:26] = struct.pack("<I", size)
    if packed_size is not None:
        data[entry + 20 : entry + 24] = data[18:22] = struct.pack("<I", packed_size)


def test_finds_members_whatever_their_case_slashes_and_braces(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("Sources\\{AB-1}.txt", b"hallo"))
    with archive.opened(path) as source:
        member = source.find("sources/ab-1.TXT")
        assert member is not None
        assert source.read(member) == b"hallo"
        assert source.find("sources/other.txt") is None


def test_reads_no_more_than_permitted(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("a.txt", b"0123456789"))
    with archive.opened(path) as source:
        assert source.read("a.txt", 10) == b"0123456789"
        with pytest.raises(DataError, match="holds 10 bytes, more than 9"):
            source.read("a.txt", 9)


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/etc/passwd", "C:\\a", "c:a", "..\\a", "\\\\server\\a"]
)
def test_refuses_members_that_lead_out(tmp_path: Path, name: str) -> None:
    with (
        pytest.raises(DataError, match="leads out of the archive"),
        archive.opened(packed(tmp_path / "p.zip", (name, b""))),
    ):
        pass


def test_refuses_links(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with (
        pytest.raises(DataError, match="is a link"),
        archive.opened(packed(tmp_path / "p.zip", (link, b"/etc/passwd"))),
    ):
        pass


def test_refuses_names_that_differ_in_case_only(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("Sources/a.txt", b"1"), ("sources/A.txt", b"2"))
    with pytest.raises(DataError, match="stands in it twice"), archive.opened(path):
        pass


def test_refuses_encrypted_members(tmp_path: Path) -> None:
    def encrypt(data: bytearray, entry: int) -> None:
        data[entry + 8] |= 1

    path = patched(packed(tmp_path / "p.zip", ("a.txt", b"x")), encrypt)
    with pytest.raises(DataError, match="is encrypted"), archive.opened(path):
        pass


def test_refuses_methods_that_unpack_without_bounds(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as target:
        target.writestr("a.txt", b"x")
    with pytest.raises(DataError, match="unusual method"), archive.opened(path):
        pass


@pytest.mark.parametrize("both", [True, False])
def test_refuses_a_claim_of_two_gigabytes(tmp_path: Path, both: bool) -> None:
    size = 2**31 - 1
    path = patched(
        packed(tmp_path / "p.zip", ("a.txt", b"x")),
        lambda data, entry: claim(data, entry, size=size, packed_size=size if both else None),
    )
    with pytest.raises(DataError, match=r"claims .*2,147,483,647"), archive.opened(path):
        pass


def test_refuses_a_bomb(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("a.txt", b" " * 20_000_000))
    with pytest.raises(DataError, match="claims to unpack to 20,000,000"), archive.opened(path):
        pass


def test_a_bomb_that_claims_to_be_small_unpacks_to_its_claim_only(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("a.txt", b" " * 20_000_000))
    patched(path, lambda data, entry: claim(data, entry, size=900))
    with (
        pytest.raises(DataError, match="is damaged"),
        archive.opened(path) as source,
    ):
        source.read("a.txt")


def test_refuses_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    path = packed(tmp_path / "p.zip", ("a", b""), ("b", b""), ("c", b""))
    with pytest.raises(DataError, match="has 3 members, more than 2"), archive.opened(path):
        pass


def test_refuses_a_long_table_of_contents_before_reading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 100)
    path = packed(tmp_path / "p.zip", *((f"{n}.txt", b"") for n in range(3)))
    with pytest.raises(DataError, match="table of contents is too long"), archive.opened(path):
        pass


def test_refuses_files_over_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with path.open("wb") as file:
        file.truncate(archive.MAX_FILE + 1)
    with pytest.raises(DataError, match="has 500,000,001 bytes"), archive.opened(path):
        pass


@pytest.mark.parametrize("data", [b"", b"PK", b"hello" * 9, b"PK\x05\x06" + b"\xff" * 18])
def test_refuses_what_is_no_zip_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"p\.zip: this is no sound ZIP file"):
        archive.opened(path).__enter__()


def test_says_when_there_is_no_file_without_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^fehlt\.zip: cannot be opened"):
        archive.opened(tmp_path / "fehlt.zip").__enter__()


def test_an_error_of_the_reader_stays_that_error(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("a.txt", b"x"))
    with pytest.raises(ValueError, match="mine"), archive.opened(path):
        raise ValueError("mine")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc")
def test_a_lying_bomb_takes_no_memory(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("a.txt", b" " * 150_000_000))
    patched(path, lambda data, entry: claim(data, entry, size=900))
    code = (
        "import sys; from pathlib import Path; from evaltools.codings import archive\n"
        "from evaltools.errors import DataError\n"
        "try:\n with archive.opened(Path(sys.argv[1])) as source: source.read('a.txt')\n"
        "except DataError: print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert int(told.stdout) < 200_000
