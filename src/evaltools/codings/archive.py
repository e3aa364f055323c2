"""A ZIP file of unknown origin: looked over first, its members read in memory, never unpacked.

Nothing in it is believed: the sizes it claims are held against its own size before anything is
read, and reading stops where a member gives more than it claimed.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from evaltools.errors import DataError

# Room for transcripts and a few recordings; texts alone have a few MB.
MAX_FILE = 500_000_000
MAX_MEMBERS = 10_000
# The table of contents is read at once and grows twentyfold in memory: 10,000 long names fit.
MAX_DIRECTORY = 2_000_000
MAX_UNPACKED = 1_000_000_000
# Codings, always the same few elements, pack to a twentieth; bombs to a thousandth.
MAX_RATIO = 100
# Below this a ratio says nothing: a page of blanks packs well, too.
SMALL = 1_000_000
CHUNK = 65_536
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DRIVE = re.compile(r"[A-Za-z]:")


class _Careful(io.FileIO):
    """A file that gives no more at once than the longest table of contents permitted."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size) or b""


@dataclass(frozen=True)
class Archive:
    """A ZIP file that was looked over.

    Attributes
    ----------
    name : str
        Name of the file, for messages.
    members : tuple of str
        Names of its files, with forward slashes, as written.
    """

    name: str
    members: tuple[str, ...]
    _zip: zipfile.ZipFile
    _infos: dict[str, zipfile.ZipInfo]

    def find(self, path: str) -> str | None:
        """Return the member of that path, whatever its case and braces; None when absent."""
        info = self._infos.get(_key(path))
        return None if info is None else _plain(info)

    @contextmanager
    def open(self, member: str, most: int = MAX_UNPACKED) -> Iterator[IO[bytes]]:
        """Open a member for reading in pieces; it gives no more than it claims to hold.

        Raises
        ------
        DataError
            When it holds more than `most` bytes, or is damaged.
        """
        info = self._infos[_key(member)]
        if info.file_size > most:
            raise DataError(
                f"{self.name}: member {member[:80]!r} holds {info.file_size:,} bytes, more than "
                f"{most:,}; export the project again without it"
            )
        try:
            with self._zip.open(info) as file:
                yield file
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise DataError(
                f"{self.name}: member {member[:80]!r} is damaged; export the project again"
            ) from error

    def read(self, member: str, most: int = MAX_UNPACKED) -> bytes:
        """Read a member whole; errors as for :meth:`open`."""
        # In pieces, since a member read at once is unpacked beyond what it claims.
        with self.open(member, most) as file:
            return b"".join(iter(lambda: file.read(CHUNK), b""))


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a ZIP file and look it over.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        When it is no ZIP file, too large, encrypted, or made to harm: members that lead out of
        it, are links, stand in it twice, or unpack to a multiple of their size.
    """
    try:
        file = _Careful(path)
    except OSError as error:
        raise DataError(f"{path.name}: cannot be opened ({error.strerror})") from error
    with file:
        yield _looked_over(path.name, file)


def _looked_over(name: str, file: IO[bytes]) -> Archive:
    size = file.seek(0, io.SEEK_END)
    if size > MAX_FILE:
        raise _refused(name, f"has {size:,} bytes", f"{MAX_FILE:,}")
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise DataError(
            f"{name}: this is no sound ZIP file ({error}); export the project again"
        ) from error
    infos = archive.infolist()
    _check_sizes(name, infos, size)
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        key = _key(_plain(info))
        fault = _fault(info) or ("stands in it twice" if key in found else "")
        if fault:
            raise DataError(
                f"{name}: member {info.orig_filename[:80]!r} {fault}; such files are not read, "
                "export the project again"
            )
        if not info.is_dir():
            found[key] = info
    return Archive(name, tuple(_plain(info) for info in found.values()), archive, found)


def _check_sizes(name: str, infos: Sequence[zipfile.ZipInfo], size: int) -> None:
    if len(infos) > MAX_MEMBERS:
        raise _refused(name, f"has {len(infos):,} members", f"{MAX_MEMBERS:,}")
    packed = sum(info.compress_size for info in infos)
    if packed > size:
        raise _refused(name, f"claims {packed:,} packed bytes", f"its own {size:,}")
    unpacked = sum(info.file_size for info in infos)
    limit = min(MAX_UNPACKED, max(SMALL, MAX_RATIO * size))
    if unpacked > limit:
        raise _refused(name, f"claims to unpack to {unpacked:,} bytes", f"{limit:,}")


def _fault(info: zipfile.ZipInfo) -> str:
    """Say what forbids to read a member; empty when nothing does."""
    path = _plain(info)
    if path.startswith("/") or _DRIVE.match(path) or ".." in PurePosixPath(path).parts:
        return "leads out of the archive"
    if "\0" in info.orig_filename or not path.strip("/. "):
        return "has no usable name"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in METHODS:
        return "is packed with an unusual method"
    if info.file_size > max(SMALL, MAX_RATIO * info.compress_size):
        return f"claims to unpack to {info.file_size:,} bytes, over {MAX_RATIO} times its size"
    return ""


def _plain(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/")


def _key(path: str) -> str:
    """Return what two names share that mean the same member: case and braces vary."""
    return path.replace("\\", "/").replace("{", "").replace("}", "").removeprefix("./").casefold()


def _refused(name: str, what: str, limit: str) -> DataError:
    return DataError(
        f"{name}: the archive {what}, more than {limit}; "
        "export the project again, without its recordings"
    )
