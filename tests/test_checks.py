"""Every guard holds where nothing is wrong, and fails on a panel made for it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import statsmodels.api as sm

from evaltools.data import store
from evaltools.effects import checks, did
from evaltools.effects.design import Panel
from evaltools.effects.results import CheckResult, Effect
from evaltools.evaluation.appendix import guards
from evaltools.evaluation.before_after import before_after
from evaltools.study import Event, Workspace
from panel_samples import build, mixed, thousands

BEFORE, PERIODS, AREAS = 8, 12, 15
SELECTION = ("2008",)  # the last period before
NOT_GERMAN = re.compile(r"\d\.\d|-\d|\b(NaN|nan|inf|None)\b|\N{INFINITY}")


def locked(panel: Panel) -> Panel:
    """The same panel, its arrays closed to writing."""
    panel.counts.flags.writeable = panel.exposure.flags.writeable = False
    return panel


def city(seed: int = 5, *, ratio: float = 0.75, areas: int = AREAS) -> Panel:
    """A quiet city: levels and years of their own, a little noise, a fall of a quarter."""
    rng = np.random.default_rng(seed)
    growth = rng.uniform(0.99, 1.01, areas)[:, None] ** np.arange(PERIODS)
    base = 5000 * rng.uniform(0.5, 2, areas)[:, None] * growth
    mean = 0.05 * base * rng.uniform(0.7, 1.3, areas)[:, None]
    mean = mean * np.exp(0.05 * rng.standard_normal(PERIODS))
    mean = mean * np.exp(0.03 * rng.standard_normal(mean.shape))
    mean[0, BEFORE:] *= ratio
    return locked(build(rng.poisson(mean), base, before=BEFORE))


def scaled(panel: Panel, rows: object, columns: object, factor: object) -> Panel:
    """The same panel with some counts multiplied."""
    counts = panel.counts.copy()
    counts[rows, columns] *= factor  # type: ignore[index]
    return locked(replace(panel, counts=counts))


def without(panel: Panel, looked_at: tuple[str, ...] = SELECTION) -> Panel:
    """The panel of the estimate: without the periods the selection looked at."""
    columns = [i for i, period in enumerate(panel.periods) if period not in looked_at]
    kept = panel.keep(range(len(panel.areas)), columns)
    return locked(replace(kept, left_out_periods=looked_at))


def effect_of(panel: Panel) -> Effect:
    return did.rate_ratio(panel, measure="x")


def glm(panel: Panel) -> sm.GLM:
    """The same Poisson model from statsmodels: dummies, log offset, one ratio of treated cells."""
    area, period = (axis.ravel() for axis in np.indices(panel.counts.shape))
    columns = [area == place for place in range(len(panel.areas))]
    columns += [period == place for place in range(1, len(panel.periods))]
    columns += [panel.cells().ravel()]
    offset = np.log(panel.exposure.ravel())
    design = np.column_stack(columns).astype(float)
    model = sm.GLM(panel.counts.ravel(), design, family=sm.families.Poisson(), offset=offset)
    return model.fit(tol=1e-13, maxiter=200)


def ratio(panel: Panel) -> float:
    return math.exp(glm(panel).params[-1])


def furthest(effect: Effect, ratios: list[float]) -> float:
    """The change of the estimate that moves furthest, worked out apart from the module."""
    return max((r / effect.estimate - 1 for r in ratios), key=lambda moved: abs(math.log1p(moved)))


def holds(effect: Effect, figure: float) -> bool:
    """Whether an estimate moves by at most half the way to its bound, within 5 % and 10 %."""
    room = effect.high / effect.estimate if figure > 0 else effect.estimate / effect.low
    allowed = min(max(math.sqrt(room), 1.05), 1.1)
    return 1 / allowed <= 1 + figure <= allowed


def rows_without(panel: Panel, out: int) -> list[int]:
    return [row for row in range(len(panel.areas)) if row != out]


# --- the panels made for each guard ---------------------------------------------------------------


QUIET = city()
SURGE = scaled(QUIET, 0, 7, 1.6)
HIGH = scaled(QUIET, 0, slice(None), 4)
LARGE_SURGE = scaled(QUIET, 0, 7, 4)
EARLY = scaled(QUIET, 0, slice(4, 8), 0.6)
LARGE = scaled(QUIET, 1, slice(None), 100)
OWN_SHOCK = scaled(LARGE, 1, slice(8, None), 0.6)
HALFWAY = scaled(QUIET, 0, slice(4, 8), 1.4)
RESTLESS = scaled(QUIET, 0, slice(0, 8), [1.5, 0.7, 1.4, 0.6, 1.4, 0.7, 1.5, 0.6])
FEW = scaled(QUIET, 0, slice(None), 4 / QUIET.counts[0].mean())
WILD = locked(
    replace(
        QUIET,
        counts=np.round(
            QUIET.counts * np.random.default_rng(1).uniform(0.6, 1.4, QUIET.counts.shape)
        ),
    )
)
WALK = locked(
    replace(
        QUIET,
        counts=QUIET.counts
        * np.exp(0.15 * np.random.default_rng(2).standard_normal(QUIET.counts.shape).cumsum(1)),
    )
)


def based(panel: Panel, rows: object, columns: object, factor: float) -> Panel:
    """The same panel with another base in some cells."""
    exposure = panel.exposure.copy()
    exposure[rows, columns] *= factor  # type: ignore[index]
    return locked(replace(panel, exposure=exposure))


GROWN = based(QUIET, 0, slice(8, None), 1.5)
JUMP = based(QUIET, 3, slice(5, None), 1.2)
REFORM = Event(period="2006", area=None, kind="reform", label="Neues Gesetz")
LOCAL = Event(period="2006", area="A03", kind="reform", label="Neuer Träger")
BOUNDARY = Event(period="2006", area="A03", kind="boundary", label="Neuer Zuschnitt")
ELSEWHERE = Event(period="2006", area="B01", kind="reform", label="Anderswo")
BOTH = ("definition", "boundary")


def named(panel: Panel, *areas: int) -> CheckResult:
    return checks.matched_on_level(panel, [panel.areas[area] for area in areas], True)


def by_level(panel: Panel) -> list[int]:
    """Comparison rows by their rate before the start, the lowest first."""
    rates = panel.counts[1:, :BEFORE].sum(1) / panel.exposure[1:, :BEFORE].sum(1)
    return [int(row) + 1 for row in rates.argsort()]


def control(panel: Panel) -> CheckResult:
    return checks.negative_control(replace(effect_of(panel), measure="Zahl der Schulkinder"))


CASES: Mapping[str, tuple[Callable[[], CheckResult], bool | None]] = {
    "surge: quiet": (lambda: checks.regression_to_the_mean(QUIET, SELECTION, True), True),
    "surge: high level": (lambda: checks.regression_to_the_mean(HIGH, SELECTION, True), True),
    "surge: surge": (lambda: checks.regression_to_the_mean(SURGE, SELECTION, True), False),
    "surge: no periods": (lambda: checks.regression_to_the_mean(SURGE, (), True), None),
    "surge: not asked": (lambda: checks.regression_to_the_mean(SURGE, (), False), None),
    "donut: quiet": (lambda: checks.donut(QUIET, effect_of(without(QUIET))), True),
    "donut: surge": (lambda: checks.donut(LARGE_SURGE, effect_of(without(LARGE_SURGE))), False),
    "donut: none": (lambda: checks.donut(QUIET, effect_of(QUIET)), None),
    "level: all": (lambda: checks.matched_on_level(QUIET, QUIET.areas[1:], False), True),
    "level: both": (lambda: named(QUIET, *by_level(QUIET)[5:9]), True),
    "level: highest": (lambda: named(QUIET, *by_level(QUIET)[-4:]), False),
    "small: enough": (lambda: checks.small_counts(QUIET), True),
    "small: few": (lambda: checks.small_counts(FEW), False),
    "jumps: quiet": (lambda: checks.population_jumps(QUIET), True),
    "jumps: jump": (lambda: checks.population_jumps(JUMP), False),
    "base: quiet": (lambda: checks.fixed_base(QUIET, effect_of(QUIET)), True),
    "base: grown": (lambda: checks.fixed_base(GROWN, effect_of(GROWN)), False),
    "reforms: elsewhere": (lambda: checks.reforms(QUIET, [ELSEWHERE], ("reform",)), True),
    "reforms: whole city": (lambda: checks.reforms(QUIET, [REFORM], ("reform",)), True),
    "reforms: one": (lambda: checks.reforms(QUIET, [REFORM, LOCAL], ("reform",)), False),
    "reforms: no register": (lambda: checks.reforms(QUIET, [], ("reform",)), None),
    "bounds: other kind": (lambda: checks.reforms(QUIET, [REFORM], BOTH), True),
    "bounds: one": (lambda: checks.reforms(QUIET, [BOUNDARY], BOTH), False),
    "bounds: whole city": (
        lambda: checks.reforms(QUIET, [BOUNDARY.model_copy(update={"area": None})], BOTH),
        True,
    ),
    "bounds: no register": (lambda: checks.reforms(QUIET, [], BOTH), None),
    "control: still": (lambda: control(city(ratio=1.0)), True),
    "control: moved": (lambda: control(city(ratio=0.6)), False),
    "control: none": (lambda: checks.negative_control(None), None),
    "neighbours: quiet": (lambda: checks.spillover(QUIET, effect_of(QUIET), ["A01"]), True),
    "neighbours: fall too": (
        lambda: checks.spillover(OWN_SHOCK, effect_of(OWN_SHOCK), ["A01"]),
        False,
    ),
    "neighbours: none": (lambda: checks.spillover(QUIET, effect_of(QUIET), []), None),
    "neighbours: all": (
        lambda: checks.spillover(QUIET, effect_of(QUIET), QUIET.areas[2:]),
        None,
    ),
    "anticipation: quiet": (lambda: checks.anticipation(QUIET, effect_of(QUIET)), True),
    "anticipation: early": (lambda: checks.anticipation(EARLY, effect_of(EARLY)), False),
    "anticipation: short": (lambda: checks.anticipation(SHORT, effect_of(SHORT)), None),
    "sham start: quiet": (lambda: checks.placebo_in_time(QUIET), True),
    "sham start: halfway": (lambda: checks.placebo_in_time(HALFWAY), False),
    "sham start: short": (lambda: checks.placebo_in_time(SHORT), None),
    "before: quiet": (lambda: checks.joint_pre_test(QUIET), True),
    "before: restless": (lambda: checks.joint_pre_test(RESTLESS), False),
    "dispersion: quiet": (lambda: checks.overdispersion(effect_of(QUIET)), True),
    "dispersion: wild": (lambda: checks.overdispersion(effect_of(WILD)), False),
    "correlation: quiet": (lambda: checks.autocorrelation(QUIET), True),
    "correlation: walk": (lambda: checks.autocorrelation(WALK), False),
    "missing: none": (lambda: checks.missing_periods(QUIET), True),
    "missing: some": (
        lambda: checks.missing_periods(
            replace(QUIET, left_out_areas={"B": "?", "C": "?"}, unknown_periods=("2000",))
        ),
        False,
    ),
    "one area: quiet": (lambda: checks.one_area_carries(QUIET, effect_of(QUIET)), True),
    "one area: shock": (lambda: checks.one_area_carries(OWN_SHOCK, effect_of(OWN_SHOCK)), False),
    "one area: only two": (lambda: checks.one_area_carries(PAIR, effect_of(PAIR)), None),
}
SHORT = QUIET.keep(range(AREAS), range(BEFORE - 3, PERIODS))
PAIR = QUIET.keep([1, 2])


@cache
def tried(case: str) -> CheckResult:
    return CASES[case][0]()


@pytest.mark.parametrize("case", CASES)
def test_guard_holds_fails_or_cannot_be_tried(case: str) -> None:
    expected = CASES[case][1]
    found = tried(case)
    assert found.passed is expected, found
    assert math.isnan(found.figure) == (expected is None)


@pytest.mark.parametrize("case", CASES)
def test_sentence_is_german(case: str) -> None:
    sentence = tried(case).sentence
    assert sentence.endswith(".")
    assert sentence[0].isupper() or sentence[0] in "„0123456789"
    assert not NOT_GERMAN.search(sentence), sentence
    assert sentence.startswith("Nicht prüfbar: ") == (CASES[case][1] is None)


def test_every_guard_has_its_cases() -> None:
    public = {
        name
        for name, item in vars(checks).items()
        if callable(item) and getattr(item, "__module__", "") == checks.__name__
        if not name.startswith("_")
    }
    tried = {name for make, _ in CASES.values() for name in make.__code__.co_names}
    beside = {"matched_on_level", "negative_control", "untried"}
    assert public - tried == beside - tried
    outcomes: dict[str, set[bool | None]] = {}
    for case, (_, expected) in CASES.items():
        outcomes.setdefault(case.partition(":")[0], set()).add(expected)
    assert all({True, False} <= seen for seen in outcomes.values())


# --- the figures ----------------------------------------------------------------------------------


def flat(counts: list[float], *, n: int = 12) -> Panel:
    """A treated area beside others that never change, with the same base everywhere."""
    others = [[200.0] * len(counts)] * (n - 1)
    return locked(build(np.array([counts, *others]), before=len(counts) - 2))


def test_surge_is_measured_against_the_rest_of_the_time_before() -> None:
    found = checks.regression_to_the_mean(flat([100, 100, 100, 150, 70, 70]), ("2004",), True)
    assert found.figure == pytest.approx(0.5)
    assert found.passed is False
    assert "+50\N{NO-BREAK SPACE}%" in found.sentence
    assert "(p = 0,08)" in found.sentence  # the largest of 12: 1/12


def test_surge_does_not_see_what_came_after_the_start() -> None:
    one = checks.regression_to_the_mean(SURGE, SELECTION, True)
    other = scaled(SURGE, slice(None), slice(BEFORE, None), np.arange(1, AREAS + 1)[:, None])
    assert checks.regression_to_the_mean(other, SELECTION, True) == one


def test_surge_is_ranked_among_the_areas_by_its_sign() -> None:
    """A dip is no surge, however deep; and the area with the second surge is second."""
    dip = checks.regression_to_the_mean(scaled(QUIET, 0, 7, 0.5), SELECTION, True)
    assert dip.passed is True
    assert dip.figure < -0.3
    assert "(p = 1,00)" in dip.sentence
    second = scaled(scaled(QUIET, 0, 7, 1.6), 4, 7, 2.5)
    found = checks.regression_to_the_mean(second, SELECTION, True)
    assert f"(p = {2 / AREAS:.2f})".replace(".", ",") in found.sentence
    assert found.passed is True


def test_surge_over_two_periods_is_their_common_ratio() -> None:
    looked_at = ("2007", "2008")
    panel = scaled(QUIET, 0, slice(6, 8), 1.5)
    path = build(panel.counts[:, :BEFORE], panel.exposure[:, :BEFORE], before=6)
    found = checks.regression_to_the_mean(panel, looked_at, True)
    assert found.figure == pytest.approx(ratio(path) - 1, abs=1e-8)
    assert found.passed is False


@pytest.mark.parametrize("panel", [QUIET, LARGE_SURGE], ids=["quiet", "surge"])
def test_donut_is_the_glm_with_the_selection_period(panel: Panel) -> None:
    effect = effect_of(without(panel))
    found = checks.donut(panel, effect)
    assert found.figure == pytest.approx(ratio(panel) / effect.estimate - 1, abs=1e-7)
    assert found.passed is holds(effect, found.figure)


@pytest.mark.parametrize("panel", [QUIET, GROWN], ids=["quiet", "grown"])
def test_fixed_base_is_the_glm_on_the_first_base(panel: Panel) -> None:
    fixed = replace(panel, exposure=np.tile(panel.exposure[:, :1], PERIODS))
    effect = effect_of(panel)
    found = checks.fixed_base(panel, effect)
    assert found.figure == pytest.approx(ratio(fixed) / effect.estimate - 1, abs=1e-7)
    assert found.passed is holds(effect, found.figure)


@pytest.mark.parametrize("panel", [QUIET, EARLY], ids=["quiet", "early"])
def test_anticipation_is_the_worst_of_four_glms(panel: Panel) -> None:
    effect = effect_of(panel)
    ratios = []
    for n in range(1, 5):
        columns = [*range(BEFORE - n), *range(BEFORE, PERIODS)]
        ratios.append(ratio(panel.keep(range(AREAS), columns)))
    found = checks.anticipation(panel, effect)
    assert found.figure == pytest.approx(furthest(effect, ratios), abs=1e-7)
    assert found.passed is holds(effect, found.figure)


def test_anticipation_with_a_short_time_before_tries_what_it_can() -> None:
    panel = QUIET.keep(range(AREAS), range(BEFORE - 4, PERIODS))
    effect = effect_of(panel)
    one = ratio(panel.keep(range(AREAS), [0, 1, 2, *range(4, 8)]))
    found = checks.anticipation(panel, effect)
    assert found.figure == pytest.approx(one / effect.estimate - 1, abs=1e-7)


@pytest.mark.parametrize("panel", [QUIET, OWN_SHOCK], ids=["quiet", "shock"])
def test_one_area_is_the_worst_of_all_glms_without_one(panel: Panel) -> None:
    effect = effect_of(panel)
    ratios = [ratio(panel.keep(rows_without(panel, out))) for out in range(1, AREAS)]
    found = checks.one_area_carries(panel, effect)
    assert found.figure == pytest.approx(furthest(effect, ratios), abs=1e-7)
    assert found.passed is holds(effect, found.figure)


def test_neighbours_that_fall_as_well_hide_a_part_of_the_effect() -> None:
    effect = effect_of(OWN_SHOCK)
    far = ratio(OWN_SHOCK.keep(rows_without(OWN_SHOCK, 1)))
    found = checks.spillover(OWN_SHOCK, effect, ["A01", "B99"])
    assert found.figure == pytest.approx(far / effect.estimate - 1, abs=1e-7)
    assert far < effect.estimate
    assert "Ohne A01:" in found.sentence
    assert "B99" not in found.sentence


def test_share_above_the_middle_is_that_of_the_named_areas() -> None:
    """Rates 0.10, 0.11, …, 0.18 of nine areas: the middle is 0.14."""
    counts = np.tile(np.arange(100.0, 190, 10)[:, None], 6)
    panel = locked(build(np.vstack([np.full(6, 500.0), counts]), before=4))
    assert named(panel, 4, 5, 6, 7).figure == pytest.approx(0.5)  # 0.13, 0.14, 0.15, 0.16
    assert named(panel, 1, 6, 7, 8, 9).figure == pytest.approx(0.8)
    assert named(panel, 1, 6, 7, 8, 9).passed is False
    assert named(panel, 1, 6, 7, 8).passed is True
    assert "75\N{NO-BREAK SPACE}%" in named(panel, 1, 6, 7, 8).sentence
    # The model area, high by its selection, is no comparison area.
    assert named(panel, 0, 1, 6, 7, 8) == named(panel, 1, 6, 7, 8)


def test_level_is_that_of_the_time_before() -> None:
    counts = np.tile(np.arange(100.0, 190, 10)[:, None], 6)
    counts[:, 4:] = counts[::-1, 4:] * 9
    panel = locked(build(np.vstack([np.full(6, 500.0), counts]), before=4))
    assert named(panel, 6, 7, 8, 9).figure == 1


def test_small_counts_are_those_of_the_smallest_period_and_stay_unsaid() -> None:
    counts = np.full((6, 4), 50.0)
    counts[0], counts[1] = [9, 9, 9, 9], [4, 6, 3, 6]
    found = checks.small_counts(build(counts, before=3, k=2))
    assert (found.figure, found.passed) == (3, False)
    assert found.sentence == "Nicht jeder Zeitraum hat im Modellraum mindestens 5 Fälle."
    assert checks.small_counts(build(np.full((3, 4), 5.0), before=3)).passed is True


@pytest.mark.parametrize(
    ("factor", "figure", "passed"),
    [(1.2, 0.2, False), (1.09, 0.09, True), (0.8, 0.25, False), (0.92, 1 / 0.92 - 1, True)],
)
def test_jump_is_the_larger_over_the_smaller_base(
    factor: float, figure: float, passed: bool
) -> None:
    panel = build(np.full((5, 6), 50.0), before=4)
    found = checks.population_jumps(based(panel, 2, slice(3, None), factor))
    assert found.figure == pytest.approx(figure)
    assert found.passed is passed
    assert "(A02, 2003 auf 2004)" in found.sentence


@pytest.mark.parametrize(
    ("period", "area", "kind", "met"),
    [
        ("2001", None, "reform", 1),
        ("2012", "A00", "reform", 1),
        ("2006-Q3", "A03", "reform", 1),
        ("2012-12", "A03", "reform", 1),
        ("2000", None, "reform", 0),
        ("2000-Q4", None, "reform", 0),
        ("2013-Q1", None, "reform", 0),
        ("2006", "B01", "reform", 0),
        ("2006", None, "boundary", 0),
        ("2006", None, "definition", 0),
    ],
)
def test_register_counts_what_met_these_areas_in_these_years(
    period: str, area: str | None, kind: str, met: int
) -> None:
    event = Event.model_validate({"period": period, "area": area, "kind": kind, "label": "Neu"})
    found = checks.reforms(QUIET, [event], ("reform",))
    assert (found.figure, found.passed) == (met, met == 0 or area is None)
    if met:
        assert found.sentence == f"Neu ({area or 'gesamt'}, {period})."
    other = checks.reforms(QUIET, [event], BOTH)
    inside = "2001" <= period[:4] <= "2012" and (area is None or area in QUIET.areas)
    assert other.figure == (inside and kind in BOTH)
    assert found.name != other.name


def test_register_names_every_event() -> None:
    found = checks.reforms(QUIET, [REFORM, BOUNDARY, REFORM], ("reform", "boundary"))
    assert (found.figure, found.passed) == (3, False)
    assert checks.reforms(QUIET, [REFORM, REFORM], ("reform",)).passed is True
    assert found.sentence == (
        "Neues Gesetz (gesamt, 2006); Neuer Zuschnitt (A03, 2006); Neues Gesetz (gesamt, 2006)."
    )


def shorter(panel: Panel, length: str) -> Panel:
    """The same panel over quarters or months, from 2001 on."""
    each = [f"Q{n}" for n in range(1, 5)] if length == "quarter" else [f"{n:02d}" for n in MONTHS]
    periods = tuple(f"{year}-{part}" for year in range(2001, 2013) for part in each)
    return replace(panel, periods=periods[: len(panel.periods)], starts=(periods[BEFORE],))


MONTHS = range(1, 13)


@pytest.mark.parametrize(
    ("length", "period", "met"),
    [
        ("quarter", "2001-Q1", 1),
        ("quarter", "2003-Q4", 1),
        ("quarter", "2004-Q1", 0),
        ("quarter", "2002", 1),
        ("quarter", "2002-07", 1),
        ("quarter", "2004", 0),
        ("month", "2001-12", 1),
        ("month", "2002-01", 0),
        ("quarter", "2001", 1),
        ("quarter", "2001-02", 1),
        ("month", "2001", 1),
        ("month", "2001-Q4", 1),
    ],
)
def test_register_is_read_in_quarters_and_months(length: str, period: str, met: int) -> None:
    """Twelve quarters 2001-Q1 to 2003-Q4, or twelve months 2001-01 to 2001-12."""
    event = Event(period=period, kind="reform", label="Neu")
    assert checks.reforms(shorter(QUIET, length), [event], ("reform",)).figure == met


def test_negative_control_is_the_effect_on_it() -> None:
    effect = effect_of(city(ratio=0.6))
    found = checks.negative_control(replace(effect, measure="Schulkinder"))
    assert found.figure == pytest.approx(effect.estimate - 1)
    assert found.sentence.startswith("„Schulkinder“: \N{MINUS SIGN}")
    assert found.name == checks.CONTROL
    assert checks.negative_control(replace(effect, rank=2, n=20)).passed is False
    assert checks.negative_control(replace(effect, rank=3, n=20)).passed is True


@pytest.mark.parametrize("panel", [QUIET, HALFWAY], ids=["quiet", "halfway"])
def test_sham_start_is_the_estimate_from_the_time_before(panel: Panel) -> None:
    early = build(panel.counts[:, :BEFORE], panel.exposure[:, :BEFORE], before=4)
    effect = effect_of(early)
    found = checks.placebo_in_time(panel)
    assert found.figure == pytest.approx(ratio(early) - 1, abs=1e-8)
    assert found.passed is (effect.p > 0.1)
    assert "2005" in found.sentence


@pytest.mark.parametrize(("before", "start"), [(4, "2004"), (6, "2004"), (7, "2004"), (8, "2005")])
def test_sham_start_leaves_three_periods_before(before: int, start: str) -> None:
    counts = QUIET.counts[:, : before + 2]
    panel = build(counts, QUIET.exposure[:, : before + 2], before=before)
    assert f"Scheinbeginn {start}:" in checks.placebo_in_time(panel).sentence


@pytest.mark.parametrize("panel", [QUIET, RESTLESS, HALFWAY], ids=["quiet", "restless", "halfway"])
def test_movement_before_is_ranked_against_paths_of_the_others(panel: Panel) -> None:
    """Each area in turn against the rates of the others, whose path comes from a GLM."""
    errors, moved = did.placebos(panel).error, []
    for row in range(AREAS):
        others = build(
            np.delete(panel.counts, row, 0), np.delete(panel.exposure, row, 0), before=BEFORE
        )
        period = np.indices(others.counts.shape)[1]
        path = np.exp([0.0, *plain(others)])
        assert period.max() == len(path) - 1
        base = panel.exposure[row] * path
        base *= panel.counts[row, :BEFORE].sum() / base[:BEFORE].sum()
        moved.append(float((np.log(panel.counts[row] / base)[:BEFORE] ** 2).mean()))
    sizes = np.array(moved) / errors**2
    found = checks.joint_pre_test(panel)
    rank = int((sizes >= sizes[0] * (1 - 1e-9)).sum())
    assert found.figure == pytest.approx(rank / AREAS)
    assert f"Rang {rank} von {AREAS}" in found.sentence


def plain(panel: Panel) -> list[float]:
    """Log period factors of a Poisson model of area and period, from statsmodels."""
    area, period = (axis.ravel() for axis in np.indices(panel.counts.shape))
    columns = [area == place for place in range(len(panel.areas))]
    columns += [period == place for place in range(1, len(panel.periods))]
    offset = np.log(panel.exposure.ravel())
    design = np.column_stack(columns).astype(float)
    model = sm.GLM(panel.counts.ravel(), design, family=sm.families.Poisson(), offset=offset)
    return list(model.fit(tol=1e-13).params[len(panel.areas) :])


@pytest.mark.parametrize("panel", [QUIET, WILD], ids=["quiet", "wild"])
def test_overdispersion_is_pearson_chi_square_over_freedom(panel: Panel) -> None:
    made = glm(panel)
    found = checks.overdispersion(effect_of(panel))
    assert found.figure == pytest.approx(made.pearson_chi2 / made.df_resid, rel=1e-8)
    assert found.passed is (found.figure <= 2)


@pytest.mark.parametrize("panel", [QUIET, WALK], ids=["quiet", "walk"])
def test_autocorrelation_is_that_of_the_pearson_residuals(panel: Panel) -> None:
    left = glm(panel).resid_pearson.reshape(panel.counts.shape)
    expected = sum((row[1:] * row[:-1]).sum() for row in left) / (left**2).sum()
    found = checks.autocorrelation(panel)
    assert found.figure == pytest.approx(expected, abs=1e-7)
    assert found.passed is bool(abs(expected) <= 0.4)


def test_alternating_counts_fail_the_autocorrelation_as_well() -> None:
    sign = np.where(np.indices(QUIET.counts.shape).sum(0) % 2, 1.15, 0.85)
    found = checks.autocorrelation(locked(replace(QUIET, counts=QUIET.counts * sign)))
    assert found.passed is False
    assert found.figure < -0.5
    assert "\N{MINUS SIGN}0," in found.sentence


def test_missing_areas_and_periods_are_added_up() -> None:
    found = tried("missing: some")
    assert found.figure == 3
    assert found.sentence == "Ausgelassen: Vergleichsräume 2, Zeiträume an den Enden 1."


def test_surge_years_before_the_start_is_measured_in_its_own_year() -> None:
    found = checks.regression_to_the_mean(
        flat([100, 100, 100, 150, 100, 100, 70, 70]), ("2004",), True
    )
    assert found.figure == pytest.approx(0.5)


def test_surge_in_the_first_period_is_tried_or_refused() -> None:
    found = checks.regression_to_the_mean(scaled(QUIET, 0, 0, 1.6), ("2001",), True)
    assert found.passed is not True


# --- invariance -----------------------------------------------------------------------------------


def every_guard(panel: Panel, *, prefix: str = "") -> list[CheckResult]:
    """All guards on a panel whose selection looked at its last period before."""
    used = without(panel)
    effect, near = effect_of(used), [f"{prefix}A01"]
    events = [REFORM, BOUNDARY.model_copy(update={"area": f"{prefix}A03"})]
    chosen = [f"{prefix}A{n:02d}" for n in (2, 5, 7, 9)]
    return [
        checks.regression_to_the_mean(panel, SELECTION, True),
        checks.donut(panel, effect),
        checks.matched_on_level(panel, chosen, True),
        checks.joint_pre_test(used),
        checks.placebo_in_time(used),
        checks.anticipation(used, effect),
        checks.one_area_carries(used, effect),
        checks.spillover(used, effect, near),
        checks.reforms(used, events, ("reform",)),
        checks.reforms(used, events, BOTH),
        checks.negative_control(effect),
        checks.population_jumps(used),
        checks.fixed_base(used, effect),
        checks.small_counts(used),
        checks.missing_periods(used),
        checks.overdispersion(effect),
        checks.autocorrelation(used),
    ]


@pytest.fixture(scope="module")
def on_the_shock() -> list[CheckResult]:
    return every_guard(scaled(OWN_SHOCK, 0, 7, 1.6))


@pytest.mark.parametrize(
    ("change", "prefix"),
    [(mixed, "neu-"), (thousands, "")],
    ids=["order and names of areas", "unit of population"],
)
def test_guards_do_not_depend_on(
    change: Callable[[Panel], Panel], prefix: str, on_the_shock: list[CheckResult]
) -> None:
    panel = locked(change(scaled(OWN_SHOCK, 0, 7, 1.6)))
    for ours, theirs in zip(on_the_shock, every_guard(panel, prefix=prefix), strict=True):
        assert (ours.name, ours.passed) == (theirs.name, theirs.passed)
        assert ours.figure == pytest.approx(theirs.figure, abs=1e-6)
        assert ours.sentence == theirs.sentence.replace("neu-", "")


def test_panel_is_left_as_it_was() -> None:
    counts, exposure = SURGE.counts.copy(), SURGE.exposure.copy()
    assert not SURGE.counts.flags.writeable
    every_guard(SURGE)
    np.testing.assert_array_equal(SURGE.counts, counts)
    np.testing.assert_array_equal(SURGE.exposure, exposure)


@pytest.mark.parametrize("k", [2, 3])
def test_guards_run_on_several_areas_with_one_start(k: int) -> None:
    panel = locked(build(QUIET.counts[:10], QUIET.exposure[:10], before=BEFORE, k=k))
    surge = scaled(panel, slice(0, k), 7, 1.6)
    found = {item.name: item for item in every_guard(surge)}
    assert found["Rückkehr zum Üblichen"].passed is False
    assert found["Kleine Fallzahlen"].figure == without(surge).counts[:k].min()


# --- the demo city --------------------------------------------------------------------------------


@pytest.mark.parametrize(("area", "passed"), [("SR04", True), ("SR10", True), ("SR14", False)])
def test_only_the_area_chosen_in_a_passing_surge_is_conspicuous(
    demo: Workspace, area: str, passed: bool
) -> None:
    names = ("area", "population", "hze_count", "reference_trend", "staffing")
    tables = {name: store.read(demo, name) for name in names}
    found = guards(tables, demo.study, before_after(tables, demo.study, area))
    (own,) = [item for item in found if item.name == "Rückkehr zum Üblichen"]
    assert own.passed is passed, own
    for item in found:
        assert item.sentence.endswith(".")
        assert not NOT_GERMAN.search(item.sentence), item.sentence


# --- what cannot be tried, and what counts as a move ----------------------------------------------


@pytest.mark.parametrize(
    ("guard", "row"),
    [
        (checks.placebo_in_time, 0),
        (checks.placebo_in_time, 3),
        (lambda panel: checks.regression_to_the_mean(panel, SELECTION, True), 3),
    ],
    ids=["sham start, model area", "sham start, other area", "surge, other area"],
)
def test_area_with_cases_only_late_is_no_error(
    guard: Callable[[Panel], CheckResult], row: int
) -> None:
    panel = scaled(QUIET, row, slice(0, 6 if row == 0 else BEFORE), 0)
    assert effect_of(panel).n >= AREAS - 1
    assert guard(panel).passed is None


def test_area_that_hides_the_whole_effect_carries_it() -> None:
    """A comparison area of many times the size falls to 0.3: a fall of a quarter is gone.

    Its own shock widens the interval, which must not hide the move.
    """
    panel = scaled(scaled(QUIET, 1, slice(None), 15), 1, slice(8, None), 0.3)
    effect, alone = effect_of(panel), effect_of(panel.keep(rows_without(panel, 1)))
    assert effect.estimate > 0.98
    assert effect.high > 3
    assert alone.estimate < 0.8
    assert alone.high < 0.9
    assert checks.one_area_carries(panel, effect).passed is False


RANKING = {
    checks.SHAM: checks.placebo_in_time,
    "Ereignisstudie davor": checks.joint_pre_test,
    checks.REGRESSION: lambda panel: checks.regression_to_the_mean(panel, SELECTION, True),
    checks.CONTROL: control,
}


def first_areas(n: int, k: int = 1) -> Panel:
    return locked(build(QUIET.counts[:n], QUIET.exposure[:n], before=BEFORE, k=k))


@pytest.mark.parametrize("name", RANKING)
@pytest.mark.parametrize(("n", "k"), [(6, 1), (9, 1), (4, 2)])
def test_guard_that_cannot_fail_does_not_hold(name: str, n: int, k: int) -> None:
    """Below ten assignments no rank is within 10 %."""
    found = RANKING[name](first_areas(n, k))
    assert found.name == name
    assert found.passed is None
    assert math.isnan(found.figure)
    assert found.sentence.startswith("Nicht prüfbar: zu wenige Räume. ")
    assert "(p = " in found.sentence


@pytest.mark.parametrize("name", RANKING)
@pytest.mark.parametrize(("n", "k"), [(10, 1), (5, 2)])
def test_ten_assignments_are_enough(name: str, n: int, k: int) -> None:
    found = RANKING[name](first_areas(n, k))
    assert found.passed is not None
    assert math.isfinite(found.figure)


def test_guards_without_a_rank_need_no_ten_areas() -> None:
    few = first_areas(6)
    hidden = scaled(scaled(few, 1, slice(None), 20), 1, slice(8, None), 0.3)
    assert effect_of(few).high == effect_of(hidden).high == math.inf
    assert checks.one_area_carries(few, effect_of(few)).passed is True
    assert checks.one_area_carries(hidden, effect_of(hidden)).passed is False


@pytest.mark.parametrize(
    ("factor", "down", "up", "passed"),
    [
        # at least 5 %, however narrow the interval
        (1.049, 1.001, 1.001, True),
        (1.051, 1.001, 1.001, False),
        (1 / 1.049, 1.001, 1.001, True),
        (1 / 1.051, 1.001, 1.001, False),
        # half the way to the bound
        (1.07, 1.001, 1.07**2 * 1.001, True),
        (1.07, 1.001, 1.07**2 / 1.001, False),
        (1 / 1.07, 1.07**2 * 1.001, 1.001, True),
        (1 / 1.07, 1.07**2 / 1.001, 1.001, False),
        # on the side to which the estimate moves
        (1.07, 2, 1.001, False),
        (1 / 1.07, 1.001, 2, False),
        # at most 10 %, however wide
        (1.099, 3, 3, True),
        (1.101, 3, 3, False),
        (1 / 1.101, 3, 3, False),
        (1.099, math.inf, math.inf, True),
        (1 / 1.099, math.inf, math.inf, True),
        (1.101, math.inf, math.inf, False),
        (1 / 1.101, math.inf, math.inf, False),
    ],
)
def test_move_is_judged_on_its_side_within_five_and_ten_percent(
    factor: float, down: float, up: float, passed: bool
) -> None:
    """The base of the area alone grows: with the first one the estimate is `factor` as large."""
    panel = based(flat([100, 100, 100, 100, 70, 70]), 0, slice(4, None), factor)
    effect = effect_of(panel)
    judged = replace(effect, low=effect.estimate / down, high=effect.estimate * up)
    found = checks.fixed_base(panel, judged)
    assert found.figure == pytest.approx(factor - 1, abs=1e-9)
    assert found.passed is passed


def test_untried_guard_says_why_and_has_no_figure() -> None:
    found = checks.untried("Probe", "Es fehlt etwas.")
    assert (found.name, found.passed) == ("Probe", None)
    assert math.isnan(found.figure)
    assert found.sentence == "Nicht prüfbar: Es fehlt etwas."


def test_control_that_was_not_estimated_says_why() -> None:
    unnamed, refused = checks.negative_control(None), checks.negative_control(None, "Zu kurz.")
    assert "Die Studie nennt keine" in unnamed.sentence
    assert refused.sentence == "Nicht prüfbar: Zu kurz."
    assert (unnamed.passed, refused.passed) == (None, None)


def test_guards_have_the_names_that_others_know_them_by() -> None:
    names = {
        checks.REGRESSION: "surge",
        checks.DONUT: "donut",
        checks.LEVEL: "level",
        checks.CONTROL: "control",
        checks.ANTICIPATION: "anticipation",
        checks.SHAM: "sham start",
    }
    assert len(names) == 6
    for name, start in names.items():
        made = {tried(case).name for case in CASES if case.startswith(start)}
        assert made == {name}
