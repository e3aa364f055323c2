from __future__ import annotations

from pathlib import Path

import pytest

from evaltools import yamlfile
from evaltools.errors import StudyError
from evaltools.yamlfile import Strict


class Inner(Strict):
    code: str
    number: int = 0


class Outer(Strict):
    name: str
    inner: tuple[Inner, ...] = ()
    single: Inner | None = None


def refusal(text: str) -> str:
    with pytest.raises(StudyError) as caught:
        yamlfile.loads(text, Outer, name="x.yml")
    return str(caught.value)


def test_scalars_stay_what_was_written() -> None:
    loaded = yamlfile.loads(
        "name: 1:30\ninner: [{code: 012, number: 012}, {code: 'null'}, {code: no}]", Outer, name="x"
    )
    assert loaded.name == "1:30"
    assert [item.code for item in loaded.inner] == ["012", "null", "no"]
    assert loaded.inner[0].number == 12


def test_unknown_key_is_refused_with_line_and_permitted_keys() -> None:
    message = refusal("name: a\ninner:\n  - code: b\n    nubmer: 3\n")
    assert message == "x.yml, line 4: unknown key 'nubmer'; permitted: code, number"


def test_unknown_key_in_a_single_model_names_its_own_keys() -> None:
    assert "permitted: code, number" in refusal("name: a\nsingle: {code: b, x: 1}")


def test_all_findings_come_at_once() -> None:
    message = refusal("inner:\n  - {number: x}\n")
    assert message.splitlines() == [
        "x.yml, line 1: name: is missing",
        "x.yml, line 2: inner.0.code: is missing",
        "x.yml, line 2: inner.0.number: Input should be a valid integer, unable to parse string as "
        "an integer (given: 'x')",
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("name: a\nname: b", "line 2: key 'name' is given twice"),
        ("name: &x a\ninner: [&y {code: b}, *y]", "alias"),
        ("name: [", "not valid YAML"),
        ("? [a, b]\n: c", "a key must be plain text"),
        ("- a", "line 1"),
        ("name: " + "[" * 5000, "nested too deeply"),
        ("name: a\x00", "not valid YAML"),
        ("name: !!python/object/apply:os.system [ls]", "line 1: a tag (!name) is used"),
        ("!!python/object:evaltools.study.Study {name: a}", "line 1: a tag (!name) is used"),
        ("name: !env SECRET", "line 1: a tag (!name) is used"),
        ("name: a\nsingle: {code: &x b}\ninner: [{code: *x}]", "line 2: an alias"),
        ("name: &x a\n*x : b", "an alias"),
        ("inner: &x [*x]", "an alias"),
        ("name: a\n<<: {name: b}", "unknown key '<<'"),
        ("name: a\n---\nname: b", "line 2: not valid YAML"),
        ("name: a\n1: b", "unknown key '1'; permitted: inner, name, single"),
        ("name: a\n? {b: c}\n: d", "line 2: a key must be plain text"),
        ("name: a\n\tsingle: b", "line 2: not valid YAML"),
        ("name: [*gone]", "not valid YAML"),
        ('name: "a\\u0000b"', "line 1: a text holds a control character"),
        ('name: "a\\e[31mb"', "line 1: a text holds a control character"),
        ('name: a\n"na\\x07": b', "line 2: a text holds a control character"),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text: str, part: str) -> None:
    assert part in refusal(text)


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for here, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]")
    assert refusal("\n".join(lines)).startswith("x.yml, line 1: an alias")


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "2018-01-01", "0x1F", "1_000"])
def test_no_word_is_taken_for_something_else(word: str) -> None:
    assert yamlfile.loads(f"name: {word}", Outer, name="x").name == word


class Weight(Strict):
    share: float


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", ".nan", ".inf"])
def test_a_number_is_finite(number: str) -> None:
    with pytest.raises(StudyError, match=r"x\.yml, line 1: share"):
        yamlfile.loads(f"share: {number}", Weight, name="x.yml")


def test_a_tab_between_words_of_a_text_stays() -> None:
    assert yamlfile.loads('name: "a\tb"', Outer, name="x").name == "a\tb"


def test_an_endless_file_is_read_to_the_limit_only() -> None:
    with pytest.raises(StudyError, match=r"^zero has more than 1000000 bytes"):
        yamlfile.load(Path("/dev/zero"), Outer)


def test_null_is_missing_and_not_text() -> None:
    assert yamlfile.loads("name: a\nsingle: null", Outer, name="x").single is None
    assert "name" in refusal("name: ~")


def test_files_that_cannot_be_read_are_named_without_their_path(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^gone.yml: cannot be read"):
        yamlfile.load(tmp_path / "gone.yml", Outer)
    latin = tmp_path / "latin.yml"
    latin.write_bytes("name: Löbtau".encode("latin-1"))
    with pytest.raises(StudyError, match=r"^latin.yml: is not UTF-8"):
        yamlfile.load(latin, Outer)
    huge = tmp_path / "huge.yml"
    huge.write_bytes(b"#" * (yamlfile.MAX_BYTES + 1))
    with pytest.raises(StudyError, match="at most"):
        yamlfile.load(huge, Outer)


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    file = tmp_path / "bom.yml"
    file.write_bytes(b"\xef\xbb\xbfname: a\n")
    assert yamlfile.load(file, Outer).name == "a"


def test_the_model_is_frozen() -> None:
    loaded = yamlfile.loads("name: a", Outer, name="x")
    with pytest.raises(ValueError, match="frozen"):
        loaded.name = "b"  # type: ignore[misc]
