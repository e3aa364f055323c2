"""Portrait and choice in the study file; the office's texts and the map in the city's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaltools.data import demo_map
from evaltools.errors import StudyError
from evaltools.release import steckbrief_views
from evaltools.study import Workspace, open_study
from evaltools.studymap import MAX_BYTES, parse
from evaltools.studyprofile import AreaChoice, CityFolder, Index, paragraphs
from evaltools.yamlfile import MAX_BYTES as MOST_TEXT
from evaltools.yamlfile import loads

STUDY = """\
title: Test
city: test
model_areas:
  - {area: SR04, start: 2018}
notebooks: {}
"""
GOOD = (
    "# Süd\n\n## Interpretation\nErste Zeile\nzweite Zeile.\n\nNächster Absatz.\n\n"
    "## Bilanzierung\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "test.yml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "data" / "raw" / "test" / "texte").mkdir(parents=True)
    return tmp_path


def opened(root: Path) -> Workspace:
    return open_study("test", folder=root)


def text_of(root: Path) -> Path:
    return root / "data" / "raw" / "test" / "texte" / "SR04.md"


def map_of(root: Path) -> Path:
    return root / "data" / "raw" / "test" / "gebiete.geojson"


# --- texts ----------------------------------------------------------------------------------------


def test_study_without_texts_and_map_is_as_before(root: Path) -> None:
    space = opened(root)
    assert space.beside == CityFolder()
    assert space.study.selection.criteria == ()
    assert space.study.profile.index is None


def test_text_is_parted_into_sections_and_paragraphs(root: Path) -> None:
    text_of(root).write_text(GOOD, encoding="utf-8")
    texts = opened(root).beside.texts["SR04"]
    assert texts["Interpretation"] == ("Erste Zeile zweite Zeile.", "Nächster Absatz.")
    assert texts["Bilanzierung"] == ()


def test_changed_text_and_map_make_pages_stale(root: Path) -> None:
    digests = [opened(root).digest]
    text_of(root).write_text(GOOD, encoding="utf-8")
    digests.append(opened(root).digest)
    text_of(root).write_text(GOOD + "Neu.\n", encoding="utf-8")
    digests.append(opened(root).digest)
    map_of(root).write_bytes(demo_map.content())
    digests.append(opened(root).digest)
    assert len(set(digests)) == 4
    assert opened(root).digest == digests[-1]


def test_texts_and_map_outlive_another_start_and_audience(root: Path) -> None:
    text_of(root).write_text(GOOD, encoding="utf-8")
    space = opened(root)
    assert space.for_office().beside == space.starting("SR04", 2019).beside == space.beside


def test_markup_in_a_text_stays_text(root: Path) -> None:
    hostile = "## Interpretation\n<script>alert(1)</script> [x](javascript:alert(1)) **fett**\n"
    text_of(root).write_text(hostile, encoding="utf-8")
    shown = steckbrief_views.office_text(opened(root).beside, "SR04", "Interpretation")
    data, _ = shown._repr_mimebundle_()
    assert "&lt;script&gt;" in data["text/html"]
    assert "<script" not in data["text/html"]
    assert "<a" not in data["text/html"]


@pytest.mark.parametrize(
    ("area", "heading"), [("SR04", "Bilanzierung"), ("SR09", "Interpretation")]
)
def test_without_a_text_the_page_says_so(root: Path, area: str, heading: str) -> None:
    text_of(root).write_text(GOOD, encoding="utf-8")
    shown = steckbrief_views.office_text(opened(root).beside, area, heading)
    assert shown.sentences == ("Dazu hat das Amt keinen Text hinterlegt.",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "## Interpretaton\nx",
            r"SR04\.md, line 1: unknown heading 'Interpretaton'; permitted: Be",
        ),
        ("## Bilanzierung\n## Bilanzierung\n", r"line 2: heading Bilanzierung stands twice"),
        ("Vorab\n## Bilanzierung\n", r"line 1: text above the first heading"),
        ("## Bilanzierung\n\na\x07b", r"line 3: a control character"),
    ],
)
def test_text_that_is_not_understood_is_refused(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        paragraphs(text, "texte/SR04.md")


def test_text_of_huge_size_or_other_encoding_is_refused(root: Path) -> None:
    text_of(root).write_bytes(b"## Bilanzierung\n" + b"x" * MOST_TEXT)
    with pytest.raises(StudyError, match=r"SR04\.md has more than"):
        opened(root)
    text_of(root).write_bytes("## Bilanzierung\nÜber".encode("latin-1"))
    with pytest.raises(StudyError, match="is not UTF-8"):
        opened(root)


# --- the map --------------------------------------------------------------------------------------


def geojson(
    ring: str = "[[0,0],[1,0],[1,1],[0,0]]", area: str = '"SR01"', kind: str = "Polygon"
) -> str:
    return (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"area_id":'
        f'{area}}},"geometry":{{"type":"{kind}","coordinates":[{ring}]}}}}]}}'
    )


def test_demo_map_holds_seventeen_areas_whose_neighbours_touch() -> None:
    made = {border.area: set(border.polygons[0][0]) for border in parse(demo_map.content(), "m")}
    assert sorted(made) == [f"SR{number:02d}" for number in range(1, 18)]
    for number in range(1, 17):
        shared = made[f"SR{number:02d}"] & made[f"SR{number + 1:02d}"]
        assert len(shared) == 2, f"SR{number:02d} and the next one share an edge"
    assert demo_map.content() == demo_map.content()


def test_polygons_with_holes_and_several_parts_are_read() -> None:
    hole = "[[0,0],[9,0],[9,9],[0,0]],[[5,1],[6,1],[6,2],[5,1]]"
    (border,) = parse(geojson(hole).encode(), "m")
    assert len(border.polygons[0]) == 2
    (border,) = parse(geojson(f"[{hole}]", kind="MultiPolygon").encode(), "m")
    assert len(border.polygons) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"type":"Feature"}', "a FeatureCollection with features"),
        (b'{"type":"FeatureCollection","features":[]}', "0 features"),
        (geojson(area="7").encode(), r"feature 1: properties\.area_id is missing or no text"),
        (geojson(area="null").encode(), r"properties\.area_id is missing"),
        (geojson(kind="Point").encode(), r"feature 1 \(SR01\): geometry 'Point'"),
        (geojson("[[0,0],[1,0],[1,1]]").encode(), "at least four positions"),
        (geojson("[[0,0],[1,0],[1,1],[2,2]]").encode(), "ends where it began"),
        (geojson("[[0,0],[1,0],[0,0],[0,0]]").encode(), "has no area"),
        (geojson("[[0,0],[1,0],[1,1e999],[0,0]]").encode(), "two finite numbers"),
        (geojson("[[0,0],[1,0],[1,NaN],[0,0]]").encode(), "NaN is no number"),
        (geojson("[[0,0],[1,0],[1,true],[0,0]]").encode(), "two finite numbers"),
        (geojson('[[0,0],[1,0],[1,"1"],[0,0]]').encode(), "two finite numbers"),
        (geojson(f"[[0,0],[1,0],[1,{10**400}],[0,0]]").encode(), "two finite numbers"),
        (b'{"type":"a","type":"FeatureCollection","features":[]}', "stands twice in one object"),
    ],
)
def test_map_that_is_not_understood_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        parse(content, "gebiete.geojson")


def test_area_that_stands_twice_is_refused() -> None:
    one = geojson().partition('"features":[')[2].removesuffix("]}")
    twice = f'{{"type":"FeatureCollection","features":[{one},{one}]}}'
    with pytest.raises(StudyError, match="SR01 stands twice; join its parts"):
        parse(twice.encode(), "gebiete.geojson")


def test_map_of_huge_size_is_refused_when_the_study_is_opened(root: Path) -> None:
    map_of(root).write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(StudyError, match=r"gebiete\.geojson has more than 5000000 bytes"):
        opened(root)


# --- the study file -------------------------------------------------------------------------------


def test_index_and_choice_are_typed() -> None:
    made = loads("name: eigen\nlabel: Eigen\nindicators: {armut: {weight: 2}}\n", Index, name="a")
    assert made.indicators["armut"].weight == 2
    assert made.indicators["armut"].higher_is == "belasteter"
    text = "criteria: [{name: a, dimension: bedarf_leistung, source: 'social_profile:x'}]\n"
    assert loads(text, AreaChoice, name="a").criteria[0].helps
    assert (
        not loads(
            text.replace("'social_profile:x'", "'social_profile:x', rests_on_helps: no"),
            AreaChoice,
            name="a",
        )
        .criteria[0]
        .helps
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nlabel: A\nindicators: {}\n", "indicators"),
        ("name: a\nlabel: A\nindicators: {b: {weight: 0}}\n", "greater than 0"),
        ("name: a\nlabel: A\nindicators: {b: {higher: x}}\n", "unknown key 'higher'"),
        ("name: a\nlabel: A\nindicators: {b: {higher_is: gut}}\n", "'belasteter' or 'entlasteter'"),
        ("name: a\nlabel: A\nindicators: {b: {}}\npublished: b\n", "would be with itself"),
    ],
)
def test_index_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        loads(text, Index, name="demo.yml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("criteria: [{name: a, dimension: sozial, source: 'social_profile:x'}]", "dimension"),
        ("criteria: [{name: a, dimension: sozialraum, source: 'offer:x'}]", "source"),
        ("nearest: 1", "greater than or equal to 2"),
        ("decided: gestern", "decided"),
    ],
)
def test_choice_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        loads(text, AreaChoice, name="demo.yml")


def test_criterion_given_twice_is_refused() -> None:
    one = "{name: a, dimension: sozialraum, source: 'social_profile:x'}"
    with pytest.raises(StudyError, match="criterion a is given twice"):
        loads(f"criteria: [{one}, {one}]", AreaChoice, name="demo.yml")
