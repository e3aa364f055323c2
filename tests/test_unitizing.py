from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agreement_samples import project
from evaltools.codings import unitizing
from evaltools.errors import DesignError

# Krippendorff 2004: two coders, two codes, a text of 300 that begins at 150.
PUBLISHED = {
    "c": [[(75, 145), (220, 250)], [(70, 150), (205, 225), (250, 270)]],
    "k": [[(30, 90), (150, 200)], [(30, 90), (150, 200)]],
}


def check(found: unitizing.Unitizing, published: dict[str, float]) -> None:
    table = found.categories.set_index("category")
    assert table.loc["c", "observed"] == pytest.approx(published["Do"], abs=0.00005)
    assert table.loc["c", "expected"] == pytest.approx(published["De"], abs=0.00005)
    assert table.loc["c", "alpha"] == pytest.approx(published["alpha"], abs=0.00005)
    assert table.loc["k", "alpha"] == 1
    # The example sums disagreements printed with four digits; unrounded alpha is 0.8587.
    sums = table[["observed", "expected"]].round(4).sum()
    joint = 1 - sums["observed"] / sums["expected"]
    assert joint == pytest.approx(published["alphaU"], abs=0.00005)
    assert found.alpha == pytest.approx(0.8587, abs=0.00005)


def test_krippendorff_2004() -> None:
    published = {"Do": 0.0144, "De": 0.0532, "alpha": 0.7286, "alphaU": 0.8591}
    check(unitizing.alpha(PUBLISHED, length=300), published)


def test_the_vectors_of_krippendorff_2004(shared: Path) -> None:
    vectors = json.loads((shared / "qda" / "vectors.json").read_text("utf-8"))
    case = vectors["krippendorff_2004_p254_unitizing"]
    sections = {
        code: [
            [(start - case["begin"], start - case["begin"] + n) for start, n in case[coder][code]]
            for coder in ("coder1", "coder2")
        ]
        for code in ("c", "k")
    }
    found = unitizing.alpha(sections, length=case["length"])
    check(found, {**case["c"], "alphaU": case["alphaU"]})


def test_expected_disagreement_is_that_of_all_ways_to_lay_units_beside_each_other() -> None:
    # Two units of equal length l overlap in 2l - 1 shifts d, each differing by 2 d²; and either
    # fits into a gap g in g - l + 1 ways, differing by l².
    n, a, b = 40, (5, 12), (20, 27)
    shifts = sum(2 * d * d for d in range(-6, 7))
    gaps = [5, 28, 20, 13]
    fits = sum(max(g - 7 + 1, 0) for g in gaps) * 49
    ways = 2 * n * (2 * n - 1) - 2 * 7 * 6
    found = unitizing.alpha({"x": [[a], [b]]}, length=n).categories
    assert found["expected"][0] == pytest.approx(2 / n * (shifts + 2 * fits) / ways)
    assert found["observed"][0] == pytest.approx(2 * 49 / n**2)


@pytest.mark.parametrize("swap", [False, True])
def test_order_of_coders_and_spans_does_not_matter(swap: bool) -> None:
    turned = {
        name: [[*reversed(spans)] for spans in (coders[::-1] if swap else coders)]
        for name, coders in reversed(PUBLISHED.items())
    }
    told = unitizing.alpha(PUBLISHED, length=300)
    assert unitizing.alpha(turned, length=300).alpha == pytest.approx(told.alpha)


@pytest.mark.parametrize(
    ("coders", "told"),
    [
        ([[(0, 5)], [(0, 5)], [(0, 5)]], "compares 2 coders, not 3"),
        ([[(0, 5), (4, 9)], []], "overlap"),
        ([[(0, 101)], []], "outside 0 to 100"),
        ([[(5, 5)], []], "outside 0 to 100"),
        ([[], []], "nobody cut anything out"),
    ],
)
def test_what_cannot_be_computed_is_refused(coders: list[list[tuple[int, int]]], told: str) -> None:
    with pytest.raises(DesignError, match=told):
        unitizing.alpha({"x": coders}, length=100)


ROWS = [
    ("anna", "bedarf", "a", 0, 10),
    ("anna", "bedarf", "a", 5, 20),
    ("bert", "bedarf", "a", 0, 20),
    ("bert", "netz", "a", 50, 60),
    ("anna", "netz", "b", 1, 9),
    ("bert", "netz", "b", 1, 9),
]


def test_a_project_is_told_by_document_with_overlapping_codings_joined() -> None:
    made = project(ROWS, {"a": "x" * 100, "b": "x" * 80})
    table = unitizing.per_document(made).set_index(["doc_id", "path"])["alpha"]
    assert table["a", "Bedarf"] == 1
    assert table["a", "Netz"] < 0.1
    assert table["b", "Netz"] == 1
    together = unitizing.per_document(made)
    joint = together[together["path"].isna()].set_index("doc_id")["alpha"]
    assert table["a", "Netz"] < joint["a"] < 1
    assert np.isclose(joint["b"], 1)


def test_stretches_that_only_touch_stay_two() -> None:
    rows = [(who, "netz", "a", at, at + 10) for who in ("anna", "bert") for at in (0, 10)]
    one = project([*rows[:2], ("bert", "netz", "a", 0, 20)], {"a": "x" * 100})
    assert unitizing.per_document(project(rows, {"a": "x" * 100}))["alpha"][0] == 1
    assert unitizing.per_document(one)["alpha"][0] < 1


def test_a_third_coder_must_be_chosen_away() -> None:
    made = project([*ROWS, ("cleo", "netz", "a", 0, 3)], {"a": "x" * 100, "b": "x" * 80})
    with pytest.raises(DesignError, match="compares 2 coders, not 3"):
        unitizing.per_document(made)
    assert len(unitizing.per_document(made, coders=["anna", "bert"])) == 5
