"""No effect and no series is computed twice, and what is kept equals what is computed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import city_samples
from evaltools.data import content, reads
from evaltools.data.tables import Tables
from evaltools.effects import did, poisson, synth
from evaltools.effects.design import Panel
from evaltools.effects.results import Effect
from evaltools.errors import RunError
from evaltools.evaluation import specifications
from evaltools.evaluation.appendix import Appendix, appendix, guards
from evaltools.evaluation.before_after import Evaluation, before_after, compared
from evaltools.measures import outcomes, series
from evaltools.measures.catalogue import indicator
from evaltools.study import Study

OWN, OTHER, *COMPARED = city_samples.AREAS
FURTHER = ("hze_dichte", "zugangsquote")
Frames = Mapping[str, pd.DataFrame]
Results = tuple[Evaluation, Appendix | None, tuple[object, ...]]


@pytest.fixture(scope="module")
def study() -> Study:
    """Two model areas among six, evaluated one by one and together."""
    models = tuple({"area": area, "start": "2017"} for area in (OWN, OTHER))
    return city_samples.study(model_areas=models, outcomes={"further": FURTHER}, reference=["city"])


@pytest.fixture(scope="module")
def frames() -> Frames:
    """Counts with noise, so that every estimate is another number."""
    count = city_samples.city()
    rng = np.random.default_rng(1)
    for name in ("stock_3112", "started", "ended"):
        count[name] = count[name] + rng.integers(0, 9, len(count))
    return {**city_samples.tables(count), "reference_trend": _trend(count)}


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """Only the primary outcome in the specifications."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(specifications, "VARIANTS", ())
        yield


@pytest.fixture(scope="module")
def plain(frames: Frames, study: Study) -> Results:
    """What is computed where nothing is kept."""
    return evaluated(frames, study)


@pytest.fixture(scope="module")
def filled(frames: Frames, study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with what a first page computed; only to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "effects"
    evaluated(Tables(frames, kept=folder), study)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """What a first page computed, as another one finds it."""
    return Path(shutil.copytree(filled, tmp_path / "effects"))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the fits made while a test runs."""
    made: list[str] = []
    for module, name in ((did, "fit"), (poisson, "fit"), (synth, "fits")):
        _counted(monkeypatch, made, module, name)
    return made


def _counted(monkeypatch: pytest.MonkeyPatch, made: list[str], module: object, name: str) -> None:
    inner = getattr(module, name)

    def counting(*given: object, **options: object) -> object:
        made.append(name)
        return inner(*given, **options)

    monkeypatch.setattr(module, name, counting)


def _trend(count: pd.DataFrame) -> pd.DataFrame:
    sums = count.groupby(["period", "paragraph", "form"], as_index=False).sum(numeric_only=True)
    return sums.assign(level="city", population=90_000)


def evaluated(tables: Frames, study: Study) -> Results:
    found = before_after(tables, study, OWN)
    return found, appendix(tables, study, found), guards(tables, study, found)


def with_more(frames: Frames, area: str) -> Frames:
    """The tables with one help more in every cell of an area."""
    count = frames["hze_count"].copy()
    rows = count["area_id"] == area
    count.loc[rows, ["stock_3112", "ended"]] += 1
    return {**frames, "hze_count": count}


def test_first_page_computes_what_it_would_without_a_folder(
    frames: Frames, study: Study, plain: Results, fits: list[str], tmp_path: Path
) -> None:
    found = before_after(Tables(frames, kept=tmp_path / "effects"), study, OWN)
    assert fits
    assert content.digest(found) == content.digest(plain[0])


def test_second_page_fits_nothing_and_shows_the_same(
    frames: Frames, study: Study, plain: Results, fits: list[str], folder: Path
) -> None:
    found = evaluated(Tables(frames, kept=folder), study)
    assert fits == []
    assert content.digest(found) == content.digest(plain)


def test_kept_effect_equals_the_computed_one_to_the_last_digit(
    frames: Frames, study: Study, plain: Results, folder: Path
) -> None:
    found = before_after(Tables(frames, kept=folder), study, OWN)
    kept, computed = found.effect(), plain[0].effect()
    assert isinstance(kept, Effect)
    assert isinstance(computed, Effect)
    assert_frame_equal(kept.placebos, computed.placebos, check_exact=True)
    assert_frame_equal(kept.series, computed.series, check_exact=True)
    assert kept.high == computed.high == np.inf  # too few areas for an interval
    assert kept.row().equals(computed.row())
    assert kept.changes == computed.changes
    assert list(kept.changes) == ["own", "comparison", "city"]


def test_appendix_does_not_fit_the_primary_effect_again(
    frames: Frames, study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tables = Tables(frames, kept=tmp_path / "effects")
    found = before_after(tables, study, OWN)
    seen: list[Panel] = []
    inner = did.rate_ratio

    def counting(panel: Panel, *, measure: str, level: float = 0.9) -> Effect:
        seen.append(panel)
        return inner(panel, measure=measure, level=level)

    monkeypatch.setattr(did, "rate_ratio", counting)
    made = appendix(tables, study, found)
    used = found.outcomes["hze"].panel
    assert used is not None
    assert made is not None
    assert isinstance(made.designs["Poisson-DiD"], Effect)
    assert seen  # other comparison areas, bases and outcomes
    assert all(content.digest(panel) != content.digest(used) for panel in seen)


def test_other_model_areas_count_leaves_the_fits(
    frames: Frames, study: Study, plain: Results, fits: list[str], folder: Path
) -> None:
    tables = Tables(with_more(frames, OTHER), kept=folder)
    found = before_after(tables, study, OWN)
    checks = guards(tables, study, found)
    assert fits == []
    assert content.digest((found, checks)) == content.digest((plain[0], plain[2]))
    before_after(Tables(with_more(frames, COMPARED[0]), kept=folder), study, OWN)
    assert fits


def test_only_what_holds_all_model_areas_is_fitted_anew(
    frames: Frames, study: Study, plain: Results, fits: list[str], folder: Path
) -> None:
    tables = Tables(with_more(frames, OTHER), kept=folder)
    after, before = appendix(tables, study, before_after(tables, study, OWN)), plain[1]
    assert before is not None
    assert after is not None
    assert fits
    assert content.digest(before.together) != content.digest(after.together)
    same = [content.digest(replace(item, together=None)) for item in (before, after)]
    assert same[0] == same[1]


def test_series_and_reference_are_computed_once(
    frames: Frames, study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[str] = []
    _counted(monkeypatch, made, series, "quotient")
    tables = Tables(frames, kept=tmp_path / "effects")
    expected = outcomes.values(frames, study, "hze_dichte")
    made.clear()
    for _ in range(2):
        assert outcomes.needs(tables, study, "hze_dichte", area=OWN) == ()
        assert_frame_equal(outcomes.values(tables, study, "hze_dichte"), expected)
        outcomes.reference(tables, study, "hze_dichte", "city")
    assert made == ["quotient"] * 2


def test_weights_matter_only_where_an_indicator_has_any(
    frames: Frames, study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[str] = []
    _counted(monkeypatch, made, series, "quotient")
    tables = Tables(frames, kept=tmp_path / "effects")
    other = study.outcomes.model_copy(update={"weights": {"ambulant": 1, "stationaer": 9}})
    for name, times in (("hze_dichte", 1), ("intensitaet", 2)):
        made.clear()
        first = outcomes.values(tables, study, name)
        second = outcomes.values(tables, study.model_copy(update={"outcomes": other}), name)
        assert len(made) == times
        assert first.equals(second) is (times == 1)
        assert indicator(name).weighted is (times == 2)


def test_refusal_stays_the_same_sentence(frames: Frames, study: Study, tmp_path: Path) -> None:
    count = frames["hze_count"].copy()
    count.loc[(count["area_id"] == OWN) & (count["period"] >= "2017"), ["stock_3112", "ended"]] = 0
    empty = {**frames, "hze_count": count}
    tables = Tables(empty, kept=tmp_path / "effects")
    said = [before_after(given, study, OWN).outcomes["hze"].refusal for given in (empty, tables)]
    again = before_after(tables, study, OWN).outcomes["hze"].refusal
    assert said == [again, again]
    assert again == "Vor oder nach dem Beginn gibt es keinen Fall; nötig sind beide."


# --- the areas compared ---------------------------------------------------------------------------


def test_compared_keeps_the_area_and_those_it_is_compared_with(
    frames: Frames, study: Study, tmp_path: Path
) -> None:
    whole = frames["hze_count"].copy(deep=True)
    for tables in (frames, Tables(frames)):
        narrowed = compared(tables, study, OWN)
        assert set(narrowed["hze_count"]["area_id"]) == {OWN, *COMPARED}
        assert set(narrowed) == set(frames)
        assert narrowed["population"] is frames["population"]
        assert_frame_equal(
            compared(narrowed, study, OWN)["hze_count"], narrowed["hze_count"], check_exact=True
        )
    assert_frame_equal(frames["hze_count"], whole)


def test_compared_keeps_declared_areas_and_all_untreated_ones(frames: Frames, study: Study) -> None:
    named = study.model_areas[0].model_copy(update={"comparison": (OTHER, COMPARED[0])})
    chosen = study.model_copy(update={"model_areas": (named, study.model_areas[1])})
    assert set(compared(frames, chosen, OWN)["hze_count"]["area_id"]) == set(city_samples.AREAS)


def test_compared_is_on_record_with_its_areas_only(
    frames: Frames, study: Study, tmp_path: Path
) -> None:
    log = tmp_path / "reads"
    reads.listen(log)
    try:
        before_after(Tables(frames), study, OWN)
    finally:
        reads.listen(tmp_path / "other")
    areas = {read.name: read.areas for read in reads.parse(log)}
    assert areas["hze_count"] == tuple(sorted((OWN, *COMPARED)))
    assert areas["population"] == ()


def test_compared_without_counts_or_for_another_area(frames: Frames, study: Study) -> None:
    rest = {name: frame for name, frame in frames.items() if name != "hze_count"}
    assert set(compared(rest, study, OWN)) == set(rest)
    with pytest.raises(RunError, match=COMPARED[0]):
        compared(frames, study, COMPARED[0])
