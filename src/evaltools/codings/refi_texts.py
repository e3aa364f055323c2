"""The texts of a REFI-QDA project: embedded or in files of the archive, in UTF-8 or UTF-16."""

from __future__ import annotations

import codecs
import re
from urllib.parse import unquote

from evaltools.codings.archive import Archive
from evaltools.codings.counting import Text
from evaltools.codings.refi_xml import Content

# A hundred times the longest transcript.
MAX_TEXT = 50_000_000
_SCHEME = re.compile(r"(?:internal|relative):/{2,}(?P<path>.+)", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]+:")


def find(source: Archive, folder: str, content: Content) -> Text | str:
    """Return a text, or in German why there is none.

    Parameters
    ----------
    source : Archive
        The project's file.
    folder : str
        Where in it the project's XML lies, empty or with a slash at its end.
    content : Content
        The text, or its path.

    Raises
    ------
    DataError
        When the member is damaged or too large.
    """
    if content.path is None or content.text:
        return _text(content.text or "")
    scheme = _SCHEME.fullmatch(content.path)
    if not scheme and _ABSOLUTE.match(content.path):
        return "liegt außerhalb der Datei; Texte dort werden nicht gelesen"
    path = scheme["path"] if scheme else content.path
    places = [f"{folder}sources/{path}", f"{folder}{path}"]
    members = map(source.find, [*places, *map(unquote, places)])
    member = next((member for member in members if member), None)
    if member is None:
        return "verweist auf einen Text, der in der Datei fehlt"
    text = decode(source.read(member, MAX_TEXT))
    return text or "ist weder in UTF-8 noch (mit Byte-Order-Mark) in UTF-16 geschrieben"


def decode(data: bytes) -> Text | None:
    """Decode UTF-8 or, by its byte order mark, UTF-16; None for what is neither."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError:
        return None
    # UTF-16 without its mark, and UTF-32, decode as well, with a zero beside each letter.
    return None if "\0" in text else _text(text, bom=wide)


def _text(text: str, *, bom: bool = False) -> Text:
    return Text(text.removeprefix("\ufeff"), bom or text.startswith("\ufeff"))
