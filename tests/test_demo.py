"""The simulated city: same bytes every time, the built-in stories are there, nothing real."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import yaml

from evaltools import yamlfile
from evaltools.codings import demo as voices
from evaltools.codings.material import OFFICE_TABLES
from evaltools.data import demo
from evaltools.data.schema import TABLES
from evaltools.data.sources import Corrections, Source, Sources
from evaltools.data.tidy import correct, tidy
from evaltools.data.validate import check, check_foreign

RAW = Path(__file__).parent.parent / "data" / "raw" / "demo"
REAL = (
    *("Dresden", "Gorbitz", "Prohlis", "Reick", "Pieschen", "Kaditz", "Mickten", "Trachau"),
    *("Johannstadt", "Friedrichstadt", "Leuben", "Plauen", "Mockritz", "Coschütz", "Südvorstadt"),
    *("Blasewitz", "Striesen", "Löbtau", "Cotta", "Klotzsche", "Loschwitz", "Strehlen"),
    *("Neustadt", "Altstadt", "Briesnitz", "Kreuzberg", "Neukölln", "Grünau", "Connewitz"),
)


@pytest.fixture(scope="module")
def city() -> demo.City:
    return demo.simulate()


@pytest.fixture(scope="module")
def sources() -> Sources:
    return yamlfile.load(RAW / "sources.yml", Sources)


@pytest.fixture(scope="module")
def starts(city: demo.City) -> pd.DataFrame:
    """Begun helps without §§ 28 and 35a by area of today (rows) and quarter 2010–2024."""
    cases = city.tables["hze_case"]
    kept = cases[~cases["paragraph"].isin(["28", "35a"]) & (cases["begin"] >= "2010-01-01")]
    area = kept["area_id"].replace({"SR18": "SR17"})
    return pd.crosstab(area, kept["begin"].dt.to_period("Q"))


def _between(starts: pd.DataFrame, first: str, last: str) -> pd.Series:
    quarters = pd.period_range(first, last, freq="Q")
    return starts[quarters].sum(axis=1)


def _change(starts: pd.DataFrame, area: str, *, before: pd.Series, after: pd.Series) -> float:
    """Change of an area's starts over that of the untreated areas."""
    untreated = starts.index.difference(["SR04", "SR10", "SR14"])
    own = after[area] / before[area]
    return float(own / (after[untreated].sum() / before[untreated].sum()))


def _error(starts: pd.DataFrame, area: str, *, before: pd.Series, after: pd.Series) -> float:
    """Return the standard error of the log of `_change`: one area's counts and AR(1) shocks."""
    poisson = 1 / before[area] + 1 / after[area]
    inflation = (1 + demo.SHOCK_RHO) / (1 - demo.SHOCK_RHO)
    shocks = 2 * demo.SHOCK_SD**2 * inflation / 26  # 26 quarters on either side
    return float(np.sqrt(poisson + shocks))


def test_same_seed_gives_the_same_city(city: demo.City) -> None:
    again = demo.simulate()
    for name, frame in city.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
    assert city.truth == again.truth


def test_another_seed_gives_another_city_but_the_same_story(city: demo.City) -> None:
    other = demo.simulate(1)
    assert len(other.tables["hze_case"]) != len(city.tables["hze_case"])
    ours, theirs = (found.truth["areas"]["SR04"]["ratio"] for found in (city, other))
    assert ours == pytest.approx(theirs, abs=0.002)


def test_committed_files_are_what_write_writes(city: demo.City, tmp_path: Path) -> None:
    written = demo.write(tmp_path / "new" / "demo", city, voices.files())
    fresh = {path.name: sha256(path.read_bytes()).hexdigest() for path in written}
    stored = {path.name: sha256(path.read_bytes()).hexdigest() for path in _files(RAW)}
    assert stored == fresh
    assert sorted(written) == sorted(_files(tmp_path / "new" / "demo"))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_are_small() -> None:
    assert sum(path.stat().st_size for path in _files(RAW)) < 5_000_000


def test_write_leaves_the_city_as_it_was(city: demo.City, tmp_path: Path) -> None:
    before = {name: frame.copy() for name, frame in city.tables.items()}
    demo.write(tmp_path, city)
    for name, frame in city.tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


@pytest.mark.parametrize(
    "name",
    [
        *("area", "population", "hze_case", "reference_trend", "social_profile"),
        *("infrastructure", "staffing", "offer", "provider"),
    ],
)
def test_tables_hold_what_the_schema_declares(city: demo.City, name: str) -> None:
    table, frame = TABLES[name], city.tables[name]
    assert check(frame, table, source_id="demo") == []
    assert check_foreign(frame, table, city.tables, source_id="demo") == []
    assert not frame[list(table.key)].isna().any(axis=None)


def test_cases_are_in_order(city: demo.City) -> None:
    cases = city.tables["hze_case"]
    assert 25_000 <= len(cases) <= 33_000
    assert (cases["end"].isna() | (cases["begin"] < cases["end"])).all()
    assert cases["begin"].max() <= pd.Timestamp("2024-12-31")
    assert cases["end"].dropna().between("2010-01-01", "2024-12-31").all()
    old = cases[cases["area_id"] == "SR18"]
    assert old["begin"].max() <= pd.Timestamp("2013-12-31")
    assert cases.groupby("person_id")["family_id"].nunique().eq(1).all()
    assert not cases[cases["paragraph"] == "31"].duplicated("family_id").any()


def test_persons_recur_but_never_with_two_helps_at_once(city: demo.City) -> None:
    cases = city.tables["hze_case"].sort_values(["person_id", "begin"])
    previous = cases.groupby("person_id")["end"].shift()
    again = cases["person_id"].duplicated()
    assert 0.05 < again.mean() < 0.25
    assert (previous[again] < cases.loc[again, "begin"]).all()


def test_population_has_the_declared_size(city: demo.City) -> None:
    people = city.tables["population"]
    actual = people[people["kind"] == "actual"]
    today = actual.assign(area_id=actual["area_id"].replace({"SR18": "SR17"}))
    totals = today.groupby(["area_id", "year"])["n"].sum()
    assert totals.between(2_500, 6_500).all()
    assert 70_000 < totals.groupby("year").sum().mean() < 80_000
    assert actual.loc[actual["area_id"] == "SR18", "year"].max() == 2013
    assert set(people.loc[people["kind"] == "forecast", "year"]) == set(range(2025, 2031))


def test_model_areas_had_the_highest_burden_of_2017(city: demo.City) -> None:
    assert _top_three(city) == {"SR04", "SR10", "SR14"}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_burden_is_built_in_and_no_luck_of_the_seed(seed: int) -> None:
    assert _top_three(demo.simulate(seed)) == {"SR04", "SR10", "SR14"}


def _top_three(city: demo.City) -> set[str]:
    cases, people = city.tables["hze_case"], city.tables["population"]
    local = cases[~cases["paragraph"].isin(["28", "35a"])]
    running = local["end"].isna() | (local["end"] >= "2017-01-01")
    volume = local[running & (local["begin"] <= "2017-12-31")]
    area = volume["area_id"].replace({"SR18": "SR17"})
    under_21 = people[people["year"] == 2017].groupby("area_id")["n"].sum()
    return set((area.value_counts() / under_21).nlargest(3).index)


def test_rate_has_the_declared_size(starts: pd.DataFrame, city: demo.City) -> None:
    volumes = city.tables["reference_trend"]
    local = volumes[~volumes["paragraph"].isin(["28", "35a"])]
    yearly = local.groupby("period")[["stock_3112", "ended", "population"]].agg(
        {"stock_3112": "sum", "ended": "sum", "population": "first"}
    )
    rate = 10_000 * (yearly["stock_3112"] + yearly["ended"]) / yearly["population"]
    assert rate.mean() == pytest.approx(450, rel=0.05)
    started = _between(starts, "2010Q1", "2024Q4").sum() / 15
    assert started == pytest.approx(1_700, rel=0.1)


def test_state_stock_follows_from_starts_and_ends(city: demo.City) -> None:
    state = city.tables["reference_trend"].sort_values("period")
    grouped = state.groupby(["paragraph", "form"])
    rolled = grouped["stock_3112"].shift() + state["started"] - state["ended"]
    assert ((rolled - state["stock_3112"]).dropna().abs() <= 2).all()  # four rounded numbers


def test_counts_vary_more_than_poisson(starts: pd.DataFrame) -> None:
    untreated = starts.drop(["SR04", "SR10", "SR14"])
    years = pd.PeriodIndex(untreated.columns).year
    yearly = untreated.T.groupby(years).sum().T.to_numpy(dtype=float)
    expected = yearly.sum(1)[:, None] * yearly.sum(0) / yearly.sum()
    rows, columns = yearly.shape
    freedom = (rows - 1) * (columns - 1)
    dispersion = ((yearly - expected) ** 2 / expected).sum() / freedom
    assert dispersion > 1 + 1.645 * np.sqrt(2 / freedom)


def test_2020_dips_and_its_second_quarter_most(starts: pd.DataFrame) -> None:
    city = starts.sum()
    neighbours = (_between(starts, "2019Q1", "2019Q4") + _between(starts, "2021Q1", "2021Q4")) / 2
    dip = _between(starts, "2020Q1", "2020Q4").sum() / neighbours.sum()
    assert 0.78 < dip < 0.93
    ratios = [city[f"2020Q{q}"] / city[f"2019Q{q}"] for q in (1, 2, 3, 4)]
    assert int(np.argmin(ratios)) == 1


def test_surge_of_sr14_passes(starts: pd.DataFrame) -> None:
    before = _between(starts, "2010Q1", "2016Q2")
    during, after = _between(starts, "2016Q3", "2017Q4"), _between(starts, "2018Q3", "2024Q4")
    assert _change(starts, "SR14", before=before, after=during) > 1.2
    error = _error(starts, "SR14", before=before, after=after)
    assert abs(np.log(_change(starts, "SR14", before=before, after=after))) < 2.5 * error


def test_starts_of_sr04_fall_as_the_truth_says(starts: pd.DataFrame, city: demo.City) -> None:
    before, after = _between(starts, "2010Q1", "2016Q2"), _between(starts, "2018Q3", "2024Q4")
    truth = city.truth["areas"]["SR04"]["starts_ratio"]
    found = _change(starts, "SR04", before=before, after=after)
    error = _error(starts, "SR04", before=before, after=after)
    assert abs(np.log(found / truth)) < 2.5 * error


def test_nothing_happens_in_sr10(starts: pd.DataFrame) -> None:
    before, after = _between(starts, "2010Q1", "2016Q2"), _between(starts, "2018Q3", "2024Q4")
    error = _error(starts, "SR10", before=before, after=after)
    assert abs(np.log(_change(starts, "SR10", before=before, after=after))) < 2.5 * error


def test_truth_tells_the_three_stories(city: demo.City) -> None:
    areas = city.truth["areas"]
    assert {name: row["kind"] for name, row in areas.items()} == {
        "SR04": "effect",
        "SR10": "null",
        "SR14": "regression_to_the_mean",
    }
    assert set(areas["SR10"]["ratio"].values()) == {1.0}
    assert set(areas["SR14"]["ratio"].values()) == {1.0}
    assert 0.72 < areas["SR04"]["ratio"]["hze"] < 0.80
    assert areas["SR04"]["ratio"]["placements"] < areas["SR04"]["ratio"]["hze"]
    assert areas["SR14"]["against_selection_year"]["hze"] < 0.9
    assert areas["SR14"]["against_untreated"]["hze"] == pytest.approx(1, abs=0.03)


def test_without_a_programme_nothing_is_true() -> None:
    truth = demo.simulate(effect=0, shift=0, surge=0).truth["areas"]
    for row in truth.values():
        assert set(row["ratio"].values()) == {1.0}
        assert row["against_selection_year"]["hze"] == pytest.approx(1, abs=0.01)


def test_expected_volumes_are_what_draws_give_on_average(city: demo.City) -> None:
    people = demo.demo_context.population(np.random.default_rng(0))
    levels = (demo.AREAS[name].to_numpy() for name in ("level", "tilt"))
    expected = demo._starts(demo._by_area(people), *levels)
    drawn = demo._cases(np.random.default_rng(0), expected)
    in_2017 = (drawn["begin"] <= "2017-12-31") & (drawn["end"] >= "2017-01-01")
    volumes = demo._volumes(expected)
    year = 2017 - demo.YEARS[0]
    total = (volumes["stock"] + volumes["ended"])[:, year].sum()
    assert in_2017.sum() == pytest.approx(total, abs=4 * np.sqrt(total))


def test_sources_are_valid_and_name_every_file(sources: Sources) -> None:
    assert sources.simulated
    named = {source.file for source in sources.origins} | {voices.TABLE}
    beside = (".yml", ".geojson", ".md")  # read as they are
    assert named == {path.name for path in _files(RAW) if path.suffix not in beside}
    for source in sources.sources:
        assert source.sha256 == sha256((RAW / source.file).read_bytes()).hexdigest()
        assert source.licence == "CC0-1.0"
        assert source.table in TABLES


def test_every_mapped_header_stands_in_its_file(sources: Sources) -> None:
    for source in sources.sources:
        assert set(source.columns) <= set(_headers(source)), source.id


def _headers(source: Source) -> list[str]:
    if source.file.endswith(".xlsx"):
        page = openpyxl.load_workbook(RAW / source.file)[source.format.sheet or ""]
        return [str(cell.value) for cell in page[4]]
    with (RAW / source.file).open(encoding=source.format.encoding) as file:
        line: str = file.readline()
    return line.strip().split(source.format.delimiter)


def test_files_read_back_as_the_city(city: demo.City, sources: Sources) -> None:
    corrections = yamlfile.load(RAW / "corrections.yml", Corrections).corrections
    assert len(corrections) == 1
    parts: dict[str, list[pd.DataFrame]] = {}
    for source in sources.sources:
        tidied = tidy(RAW / source.file, source)
        assert tidied.ok, tidied.findings
        parts.setdefault(source.table, []).append(tidied.frame)
    for name, frames in parts.items():
        if name in OFFICE_TABLES:
            continue  # test_codings_demo reads the interviews back
        table, truth = TABLES[name], city.tables[name]
        read, found = correct(pd.concat(frames), table, corrections)
        assert [finding.severity for finding in found] == ["info"] * (name == "staffing")
        key = list(table.key)
        pd.testing.assert_frame_equal(
            read[list(truth)].sort_values(key, ignore_index=True),
            truth.sort_values(key, ignore_index=True),
            check_dtype=False,
        )


def test_truth_file_is_the_truth(city: demo.City) -> None:
    text = (RAW / "truth.yml").read_text("utf-8")
    assert text.startswith("# Simulated")
    assert yaml.safe_load(text) == city.truth


def test_no_real_place_occurs() -> None:
    for path in _files(RAW):
        text = path.read_bytes()
        for name in REAL:
            for encoding in ("utf-8", "cp1252"):
                assert name.encode(encoding) not in text, f"{name} in {path.name}"
