from __future__ import annotations

import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from evaltools.codings import sqlitefile
from evaltools.codings.sqlitefile import open_tables
from evaltools.errors import DataError

PLAIN = (
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, words TEXT); INSERT INTO notes VALUES (1, 'ä');"
)
BOTH = {"id": int, "words": str}


def made(path: Path, script: str = PLAIN) -> Path:
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    return path


def rewritten(path: Path, name: str, column: str, value: str) -> Path:
    """Change the schema by hand, as no program would."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        change = f"UPDATE sqlite_master SET {column} = ? WHERE name = ?"
        connection.execute(change, (value, name))
    connection.close()
    return path


def content(path: Path) -> list[tuple[object, ...]]:
    with open_tables(path, "Prog", required=["notes"]) as tables:
        return list(tables.rows("notes", BOTH))


@pytest.mark.parametrize("name", ["a b.db", "ä?mode=rwc&x.db", "100%20#1.db", "file:x.db"])
def test_any_file_name_is_opened_as_it_is(tmp_path: Path, name: str) -> None:
    assert content(made(tmp_path / name)) == [(1, "ä")]


def test_reading_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "PRAGMA journal_mode = WAL;" + PLAIN)
    before = path.read_bytes()
    content(path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["a.db"]


def test_utf16_databases_read_the_same(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "PRAGMA encoding = 'UTF-16le';" + PLAIN)
    assert content(path) == [(1, "ä")]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"", "no SQLite database"),
        (b"PK\x03\x04 archive, not a database", "no SQLite database"),
        (b"SQLite format 3\x00", "damaged"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "damaged"),
    ],
)
def test_what_is_no_database_is_named_so(tmp_path: Path, head: bytes, told: str) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(head)
    with pytest.raises(DataError, match=told) as caught:
        content(path)
    assert str(tmp_path) not in str(caught.value)


def test_a_truncated_database_is_refused(tmp_path: Path) -> None:
    rows = "INSERT INTO notes (words) SELECT hex(randomblob(900)) FROM sqlite_master a"
    path = made(tmp_path / "a.db", PLAIN + ";".join([rows] * 50))
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(DataError, match="damaged"):
        content(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.db"):
        with pytest.raises(DataError, match="no such file"):
            content(path)
    assert not (tmp_path / "none.db").exists()


def test_too_large_files_are_refused_unread(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db")
    with path.open("r+b") as file:
        file.truncate(sqlitefile.MOST_FILE + 1)
    with pytest.raises(DataError, match="at most 200 MB"):
        content(path)


def test_changes_lying_beside_the_file_are_not_left_out(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db")
    log = tmp_path / "a.db-wal"
    log.write_bytes(b"")
    assert content(path)
    log.write_bytes(b"x")
    with pytest.raises(DataError, match="close the project in Prog"):
        content(path)
    log.unlink()
    (tmp_path / "a.db-journal").write_bytes(sqlitefile.HOT_JOURNAL + b"x")
    with pytest.raises(DataError, match="close the project"):
        content(path)


@pytest.mark.parametrize(
    "view",
    [
        "CREATE VIEW notes AS SELECT 1 AS id, 'x' AS words",
        "CREATE VIEW notes AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
        "SELECT id, 'x' AS words FROM n",
        "CREATE TABLE users (pw); CREATE VIEW notes AS SELECT 1 AS id, pw AS words FROM users",
    ],
)
def test_a_view_named_as_a_table_is_refused(tmp_path: Path, view: str) -> None:
    with pytest.raises(DataError, match="notes is no plain table but a view"):
        content(made(tmp_path / "a.db", view))


def test_a_view_disguised_in_the_schema_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "CREATE TABLE other (id); CREATE VIEW notes AS SELECT 1 AS id;")
    rewritten(path, "notes", "name", "hidden")
    rewritten(path, "other", "name", "notes")
    with pytest.raises(DataError, match=r"a\.db"):
        content(path)


def test_a_virtual_table_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "CREATE VIRTUAL TABLE notes USING fts5(id, words)")
    with pytest.raises(DataError, match="virtual table"):
        content(path)


def test_generated_columns_are_never_worked_out(tmp_path: Path) -> None:
    script = "CREATE TABLE notes (id INTEGER, words TEXT AS (hex(zeroblob(1000000))))"
    with pytest.raises(DataError, match="lacks words"):
        content(made(tmp_path / "a.db", script))


def test_only_the_named_tables_can_be_read(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", PLAIN + "CREATE TABLE users (pw);")
    with open_tables(path, "Prog", required=["notes"]) as tables:
        for query in (
            "SELECT pw FROM users",
            "SELECT hex(words) FROM notes",
            "ATTACH ':memory:' AS x",
            "INSERT INTO notes VALUES (2, 'x')",
            "PRAGMA trusted_schema = ON",
            "SELECT 1 FROM pragma_database_list",
        ):
            with pytest.raises(sqlite3.DatabaseError):
                tables.connection.execute(query).fetchall()


def test_another_programs_database_is_named_so(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "CREATE TABLE albums (id)")
    with pytest.raises(DataError, match="no project of Prog, the tables notes are missing"):
        content(path)


def test_missing_columns_are_named_or_unknown(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "CREATE TABLE notes (id INTEGER); INSERT INTO notes VALUES (1)")
    with pytest.raises(DataError, match="lacks words"):
        content(path)
    with open_tables(path, "Prog", required=["notes"], optional=["more"]) as tables:
        assert list(tables.rows("notes", BOTH, optional=["words"])) == [(1, None)]
        assert (list(tables.rows("more", BOTH)), tables.count("more")) == ([], 0)


def test_values_of_other_types_are_turned_or_refused(tmp_path: Path) -> None:
    script = "CREATE TABLE notes (id, words); INSERT INTO notes VALUES (2.0, 7)"
    assert content(made(tmp_path / "a.db", script)) == [(2, "7")]
    for number, value in enumerate(("('x', 'a')", "(1.5, 'a')", "(1, x'00')")):
        path = made(
            tmp_path / f"{number}.db",
            f"CREATE TABLE notes (id, words); INSERT INTO notes VALUES {value}",
        )
        with pytest.raises(DataError, match=r"notes\.(id|words) holds a value"):
            content(path)


def test_text_that_is_no_utf8_is_refused_without_quoting_it(tmp_path: Path) -> None:
    script = "CREATE TABLE notes (id, words);"
    script += "INSERT INTO notes VALUES (1, CAST(x'5365637265ff' AS TEXT))"
    with pytest.raises(DataError, match="not UTF-8") as caught:
        content(made(tmp_path / "a.db", script))
    assert "Secre" not in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "value", "told"),
    [
        ("MOST_ROWS", 2, "too large"),
        ("MOST_TEXT", 100, "too large"),
        ("STEPS", 1, "too many steps"),
        ("MOST_OBJECTS", 0, "more than 0 tables"),
    ],
)
def test_each_limit_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, told: str
) -> None:
    script = PLAIN + "INSERT INTO notes (words) VALUES ('zehn Zeichen'), ('zehn Zeichen');"
    path = made(tmp_path / "a.db", script)
    assert len(content(path)) == 3
    monkeypatch.setattr(sqlitefile, limit, value)
    if limit == "STEPS":
        monkeypatch.setattr(sqlitefile, "MOST_STEPS", 5)
    with pytest.raises(DataError, match=told):
        content(path)


def test_texts_and_schemas_beyond_measure_are_refused(tmp_path: Path) -> None:
    text = "INSERT INTO notes (words) SELECT hex(zeroblob(6000000))"
    with pytest.raises(DataError, match="more than 10 MB"):
        content(made(tmp_path / "a.db", PLAIN + text))
    many = "".join(f"CREATE TABLE t{number} (a);" for number in range(4000))
    with pytest.raises(DataError, match="too many steps"):
        content(made(tmp_path / "b.db", f"BEGIN; {PLAIN} {many} COMMIT;"))


def test_text_read_twice_from_the_same_pages_is_damage(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db")
    with open_tables(path, "Prog", required=["notes"]) as tables:
        feigned = [(1, "x" * 1000)] * (path.stat().st_size // 1000 + 1)
        with pytest.raises(DataError, match="more text than the file holds"):
            list(tables._measured("notes", iter(feigned)))


def varint(number: int) -> bytes:
    groups = [number & 127]
    while number := number >> 7:
        groups.insert(0, number & 127 | 128)
    return bytes(groups)


def test_a_claim_of_more_text_than_there_is_takes_no_memory(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", PLAIN.replace("'ä'", "hex(zeroblob(1500000))"))
    data = path.read_bytes()
    row, text = varint(3_000_006), varint(2 * 3_000_000 + 13)
    assert data.count(row) and data.count(text) and len(row) == len(text) == 4
    most = b"\xff\xff\xff\x7f"
    path.write_bytes(data.replace(row, most).replace(text, most))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"damaged|more than 10 MB"):
        content(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_stopping_early_closes_quietly(tmp_path: Path) -> None:
    with open_tables(made(tmp_path / "a.db"), "Prog", required=["notes"]) as tables:
        rows = tables.rows("notes", BOTH)
        next(rows)
    rows.close()
