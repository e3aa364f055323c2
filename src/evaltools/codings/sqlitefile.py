"""A foreign SQLite file, opened so that nothing in it can write, call out or run on."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sys import getsizeof
from typing import Any
from urllib.parse import quote

from evaltools.errors import DataError

MAGIC = b"SQLite format 3\0"
HOT_JOURNAL = bytes.fromhex("d9d505f920a163d7")
MOST_FILE = 200_000_000  # bytes
MOST_ROWS = 300_000  # of one table
MOST_TEXT = 100_000_000  # bytes that the texts of one table take in memory
LONGEST = 10_000_000  # bytes of one row
MOST_OBJECTS = 500  # tables, indexes, views and triggers
STEPS = 10_000  # instructions between two looks at what is spent
MOST_STEPS = 20_000_000  # a table of MOST_ROWS rows takes about a quarter
SCHEMA_STEPS = 20_000  # an object of the schema takes about ten
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 20_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}
# SQLite writes these words in just this way; a virtual table, whose code would run, has others.
_PLAIN = re.compile(r"CREATE (TABLE|INDEX|UNIQUE INDEX|VIEW|TRIGGER)\s")


@dataclass(frozen=True)
class Tables:
    """The checked tables of one open file; made by :func:`open_tables`.

    Attributes
    ----------
    file : str
        Name of the file.
    names : frozenset of str
        The tables that are there, of those asked for.
    """

    connection: sqlite3.Connection
    file: str
    program: str
    size: int
    names: frozenset[str]

    def rows(
        self, table: str, columns: Mapping[str, type], *, optional: Collection[str] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a table in its own order, every value of its type or None.

        Parameters
        ----------
        table : str
            One of the tables asked for; one that is not there has no rows.
        columns : mapping of str to type
            What is wanted: ``int`` or ``str`` by column. Generated columns count as missing.
        optional : collection of str
            Columns that may be missing; their values are None.

        Raises
        ------
        DataError
            When a column is missing, a value is of another type, the table is damaged, or it
            passes a limit: 300,000 rows, 100 MB of text, more text than the file has bytes.
        """
        if table not in self.names:
            return
        there = self._columns(table)
        lost = [name for name in columns if name not in there and name not in optional]
        if lost:
            raise DataError(
                f"{self.file}: the table {table} lacks {', '.join(lost)}; it is no project of "
                f"{self.program} that can be read here, save it with a current version"
            )
        picked = ", ".join(f'"{name}"' if name in there else "NULL" for name in columns)
        kinds = tuple(columns.values())
        # An index of a foreign file may say other things than its table.
        found = self._stream(f'SELECT {picked} FROM "{table}" NOT INDEXED')
        for row in self._measured(table, found):
            for value, kind in zip(row, kinds, strict=True):
                if value is not None and value.__class__ is not kind:
                    row = self._typed(table, row, columns)
                    break
            yield row

    def count(self, table: str) -> int:
        """Count the rows of a table; 0 when it is not there."""
        if table not in self.names:
            return 0
        return sum(1 for _ in self._measured(table, self._stream(f'SELECT 1 FROM "{table}"')))

    def _columns(self, table: str) -> frozenset[str]:
        # table_info leaves out generated columns, whose expressions would run when read.
        return frozenset(row[1] for row in self._stream(f'PRAGMA table_info("{table}")'))

    def _stream(self, query: str) -> Iterator[tuple[Any, ...]]:
        with _telling(self.file, self.program):
            # No ``yield from``: it would close the cursor after the connection.
            for row in self.connection.execute(query):  # noqa: UP028
                yield row

    def _measured(self, table: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """Stop before a table fills the memory; pages that point at each other can feign any."""
        characters = held = 0
        for count, row in enumerate(rows, start=1):
            texts = [value for value in row if value.__class__ is str]
            characters += sum(map(len, texts))
            held += sum(map(getsizeof, texts))
            if count > MOST_ROWS or held > MOST_TEXT:
                raise DataError(
                    f"{self.file}: the table {table} is too large; at most {MOST_ROWS:,} rows and "
                    f"{MOST_TEXT // 1_000_000} MB of text are read, divide the project"
                )
            if characters > self.size:
                raise DataError(
                    f"{self.file}: the table {table} claims more text than the file holds; it is "
                    f"damaged, export it anew from {self.program}"
                )
            yield row

    def _typed(
        self, table: str, row: tuple[Any, ...], columns: Mapping[str, type]
    ) -> tuple[Any, ...]:
        made: list[Any] = []
        for value, (name, kind) in zip(row, columns.items(), strict=True):
            if kind is str and isinstance(value, int | float):
                made.append(str(value))
            elif kind is int and isinstance(value, float) and value.is_integer():
                made.append(int(value))
            elif value is None or isinstance(value, kind):
                made.append(value)
            else:
                wanted = "a whole number" if kind is int else "text"
                raise DataError(
                    f"{self.file}: {table}.{name} holds a value that is not {wanted}; the file is "
                    f"damaged, export it anew from {self.program}"
                )
        return tuple(made)


@contextmanager
def open_tables(
    path: Path, program: str, *, required: Collection[str], optional: Collection[str] = ()
) -> Iterator[Tables]:
    """Open a project file of another program for reading named tables, and nothing else.

    The file is opened read-only and immutable; only plain reading of the named tables is
    authorised, so that views, triggers, functions, virtual tables and other files are out of
    reach; rows, texts and instructions are limited. What stops is counted, never timed, so the
    same file always reads the same way.

    Parameters
    ----------
    path : Path
        The file.
    program : str
        The program whose project is expected, for messages.
    required, optional : collections of str
        The tables to read.

    Raises
    ------
    DataError
        When the file is missing, is no SQLite database, is not this program's, is still open in
        it, is damaged, too large, or holds a view or a virtual table under a table's name.

    References
    ----------
    SQLite, Defense Against The Dark Arts, https://www.sqlite.org/security.html
    """
    size = _checked(path, program)
    wanted = {*required, *optional}
    with closing(_connect(path, program)) as connection:
        with _telling(path.name, program):
            connection.set_progress_handler(_meter(SCHEMA_STEPS // 1000), 1000)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA query_only = ON")
            connection.set_authorizer(_permit(wanted))
            schema = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
            connection.set_progress_handler(_meter(MOST_STEPS // STEPS), STEPS)
        names = _names(schema, wanted, path.name)
        lost = sorted({*required} - names)
        if lost:
            raise DataError(
                f"{path.name}: no project of {program}, the tables {', '.join(lost)} are missing; "
                "choose the project file itself"
            )
        yield Tables(connection, path.name, program, size, names)


def _checked(path: Path, program: str) -> int:
    """Return the size of a file that may be opened."""
    if not path.is_file():
        raise DataError(f"{path.name}: there is no such file; choose a project of {program}")
    size = path.stat().st_size
    if size > MOST_FILE:
        raise DataError(
            f"{path.name}: {size // 1_000_000} MB; at most {MOST_FILE // 1_000_000} MB are read, "
            "divide the project"
        )
    if _head(path, len(MAGIC)) != MAGIC:
        raise DataError(f"{path.name}: no SQLite database; choose a project file of {program}")
    log, journal = (path.with_name(path.name + end) for end in ("-wal", "-journal"))
    # What lies there is part of the project, and is not seen when the file is read alone.
    if _head(log, 1) or _head(journal, len(HOT_JOURNAL)) == HOT_JOURNAL:
        raise DataError(
            f"{path.name}: changes still lie in a file beside it; close the project in {program} "
            "and read it again"
        )
    return size


def _head(path: Path, length: int) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(length)


def _connect(path: Path, program: str) -> sqlite3.Connection:
    place = path.absolute().as_posix()
    root = "file://" if place.startswith("/") else "file:///"
    address = f"{root}{quote(os.fsencode(place))}?mode=ro&immutable=1"
    with _telling(path.name, program):
        connection = sqlite3.connect(address, uri=True, isolation_level=None)
    for category, limit in LIMITS.items():
        connection.setlimit(category, limit)
    return connection


def _meter(most: int) -> Callable[[], int]:
    """Return a progress handler that stops at its call number `most`."""
    calls = iter(range(most))
    return lambda: int(next(calls, None) is None)


def _permit(names: Collection[str]) -> Callable[..., int]:
    """Return an authorizer for plain reading of the named tables."""
    readable = {"sqlite_master", *names}

    def decide(action: int, first: str | None, *rest: str | None) -> int:
        allowed = action == sqlite3.SQLITE_SELECT
        allowed |= action == sqlite3.SQLITE_READ and first in readable
        allowed |= action == sqlite3.SQLITE_PRAGMA and first == "table_info"
        # The last argument names the view or trigger in whose name something is read.
        return sqlite3.SQLITE_OK if allowed and rest[-1] is None else sqlite3.SQLITE_DENY

    return decide


def _names(schema: list[tuple[Any, ...]], wanted: Collection[str], file: str) -> frozenset[str]:
    """Return the wanted tables that are there, all of them plain tables."""
    if len(schema) > MOST_OBJECTS:
        raise DataError(f"{file}: more than {MOST_OBJECTS} tables; this is no coded project")
    for kind, name, sql in schema:
        text = sql if isinstance(sql, str) else ""
        if sql is not None and not _PLAIN.match(text):
            raise DataError(f"{file}: holds a virtual table; such a file is not read")
        if name in wanted and not (kind == "table" and text.startswith("CREATE TABLE")):
            raise DataError(
                f"{file}: {name} is no plain table but a {str(kind)[:20]}; such a file is not read"
            )
    return frozenset(name for _, name, _ in schema if name in wanted)


@contextmanager
def _telling(file: str, program: str) -> Iterator[None]:
    """Say what SQLite found in one line; its own words may quote the text that was read."""
    try:
        yield
    except sqlite3.Error as error:
        words = str(error)
        reason = "it is damaged"
        if words == "interrupted":
            reason = "its tables take too many steps to read"
        elif "decode" in words:
            reason = "it holds text that is not UTF-8"
        elif "too big" in words:
            reason = f"it holds a text of more than {LONGEST // 1_000_000} MB"
        elif "prohibited" in words or "not authorized" in words:
            reason = "a view or a function stands in place of a table"
        raise DataError(
            f"{file}: not readable as a project of {program}, {reason}; export it anew"
        ) from None
