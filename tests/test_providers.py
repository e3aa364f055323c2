"""Providers: published values of HHI and CR3, shares, who came and went."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import providers
from network_samples import offers


@pytest.fixture
def four_offers() -> pd.DataFrame:
    """In 2017 T1 twice and T2; in 2024 T1, T3 and one without a provider."""
    return offers(
        [
            ("A1", "T1", None, 100.0, "2015-01-01", None),
            ("A2", "T1", None, None, "2015-01-01", "2020-12-31"),
            ("A3", "T2", None, 300.0, "2016-01-01", "2020-12-31"),
            ("A4", "T3", None, 100.0, "2022-01-01", None),
            ("A5", None, None, 50.0, "2022-01-01", None),
        ]
    )


@pytest.fixture
def names() -> pd.DataFrame:
    rows = [("T1", "Träger Übersee", "oeffentlich"), ("T3", "Drei", "gewerblich")]
    return pd.DataFrame(rows, columns=["provider_id", "name", "type"]).astype("string")


@pytest.mark.parametrize(
    ("shares", "published"),
    [
        # U.S. Department of Justice, Antitrust Division: Herfindahl–Hirschman Index
        ([30, 30, 20, 20], 2600),
        # OnLineTexts (econweb.com), Industry Policy: Antitrust, examples of the HHI
        ([60, 30, 10], 4600),
        ([40, 30, 20, 10], 3000),
        ([25, 25, 25, 25], 2500),
    ],
)
def test_published_hhi(shares: list[int], published: int) -> None:
    assert providers.hhi(pd.Series(shares)) == pytest.approx(published)


def test_hhi_does_not_depend_on_the_unit() -> None:
    shares = pd.Series([30.0, 30.0, 20.0, 20.0])
    assert providers.hhi(shares * 123.4) == pytest.approx(2600)
    assert providers.hhi(pd.Series([7])) == 10_000


def test_published_cr3() -> None:
    """R package concstats, reference of concstats_top3: 0.4, 0.2, 0.25, 0.1, 0.05 give 85 %."""
    assert providers.largest(pd.Series([0.4, 0.2, 0.25, 0.1, 0.05])) == pytest.approx(0.85)


def test_nothing_has_no_concentration() -> None:
    assert pd.isna(providers.hhi(pd.Series([], dtype=float)))
    assert pd.isna(providers.largest(pd.Series([0.0, 0.0])))


@pytest.mark.parametrize("amounts", [[1.0, None], [2.0, -1.0]])
def test_unknown_and_negative_amounts_are_refused(amounts: list[float | None]) -> None:
    with pytest.raises(DesignError, match="unknown or below zero") as caught:
        providers.hhi(pd.Series(amounts, dtype="Float64"))
    assert "negativen Beträgen" in caught.value.german


def test_market_by_hand(four_offers: pd.DataFrame) -> None:
    old, new = providers.market(four_offers, "SR01", (2017, 2024)).to_dict("records")
    assert (old["n_offers"], old["n_unknown"], old["n_providers"]) == (3, 0, 2)
    assert old["hhi"] == pytest.approx((200 / 3) ** 2 + (100 / 3) ** 2)
    assert (old["cr3"], old["n_eur"], old["hhi_eur"]) == (1, 2, 6250)
    assert (new["n_offers"], new["n_unknown"], new["n_providers"]) == (3, 1, 2)
    assert (new["hhi"], new["n_eur"], new["hhi_eur"]) == (5000, 2, 5000)


def test_market_without_offers_or_euro_is_unknown(four_offers: pd.DataFrame) -> None:
    none = providers.market(four_offers, "SR99", (2017,)).iloc[0]
    assert (none["n_offers"], none["n_providers"]) == (0, 0)
    assert none[["hhi", "cr3", "hhi_eur", "cr3_eur"]].isna().all()
    bare = providers.market(four_offers.drop(columns=["eur_year", "end"]), "SR01", (2017,)).iloc[0]
    assert bare["n_eur"] == 0
    assert pd.isna(bare["hhi_eur"])
    assert providers.market(four_offers.head(0), "SR01", ()).empty


def test_types_add_up_and_unknown_ones_are_named(
    four_offers: pd.DataFrame, names: pd.DataFrame
) -> None:
    found = providers.types(four_offers, names, "SR01", (2017, 2024)).set_index(["type", "year"])
    assert found.loc[("oeffentlich", 2017)].tolist() == [1, 2, pytest.approx(2 / 3)]
    assert found.loc[("unbekannt", 2017)].tolist() == [1, 1, pytest.approx(1 / 3)]
    assert found.loc[("unbekannt", 2024), "n_offers"] == 1
    assert pd.isna(found.loc[("unbekannt", 2024), "n_providers"])
    assert found.groupby("year")["share"].sum().tolist() == [pytest.approx(1)] * 2
    assert providers.types(four_offers, names, "SR99", (2017,)).empty


def test_entry_and_exit(four_offers: pd.DataFrame) -> None:
    found = providers.turnover(four_offers, "SR01", 2017, 2024)
    assert (found.stayed, found.entered, found.left) == (("T1",), ("T3",), ("T2",))


def test_neither_order_nor_names_matter_and_frames_stay(
    four_offers: pd.DataFrame, names: pd.DataFrame
) -> None:
    copies = four_offers.copy(deep=True), names.copy(deep=True)
    mixed = four_offers.sample(frac=1, random_state=1).assign(area_id="Süd")
    for years in ((2017,), (2017, 2024)):
        pd.testing.assert_frame_equal(
            providers.market(mixed, "Süd", years), providers.market(four_offers, "SR01", years)
        )
        pd.testing.assert_frame_equal(
            providers.types(mixed, names, "Süd", years),
            providers.types(four_offers, names, "SR01", years),
        )
    pd.testing.assert_frame_equal(four_offers, copies[0])
    pd.testing.assert_frame_equal(names, copies[1])
