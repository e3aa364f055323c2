"""The drawn network: the same place in both years, shapes as well as colours, no names."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from evaltools.data.schema_framework import FIELDS
from evaltools.errors import ReleaseError
from evaltools.german import NBSP
from evaltools.measures import networks
from evaltools.release import network_figures
from evaltools.release.figures import Figure
from evaltools.release.views import public
from network_samples import cooperation, forums, seat, tie
from release_samples import PAYLOAD, RULES


@pytest.fixture
def table() -> pd.DataFrame:
    new = [
        seat("SR01", "stelle1", "koordination", "runde0", 2024),
        ("SR01", "stelle1", "koordination", "SR01-kita00", "kita", None, 1, 2024),
    ]
    return cooperation(forums("SR01", 2017, 1) + forums("SR01", 2024, 5) + new)


def _nets(table: pd.DataFrame, *years: int) -> dict[int, networks.Network]:
    return {year: networks.network(table, "SR01", year) for year in years}


def _figure(table: pd.DataFrame, *years: int, name: str = "Oberau") -> Figure:
    nets = _nets(table, *years)
    frames = [*network_figures.drawing(nets)]
    frames.append(pd.concat([networks.by_field(net).assign(year=y) for y, net in nets.items()]))
    shares = {y: networks.structure(table, "SR01", y).cross_share for y in years}
    handed = [public(frame.reset_index(drop=True), RULES) for frame in frames]
    return network_figures.side_by_side(*handed, shares=shares, name=name)


def test_an_organisation_keeps_its_place_and_loses_its_name(table: pd.DataFrame) -> None:
    nodes, ties = network_figures.drawing(_nets(table, 2017, 2024))
    places = nodes.groupby("node")[["x", "y"]].nunique()
    assert (places == 1).all(axis=None)
    assert nodes["node"].value_counts().max() == 2
    assert nodes[["x", "y"]].abs().max(axis=None) <= 1 + 1e-9
    assert "string" not in {str(kind) for kind in ties.dtypes}
    assert set(nodes.columns) == {"year", "node", "field", "x", "y"}
    again, _ = network_figures.drawing(_nets(table.sample(frac=1, random_state=1), 2017, 2024))
    pd.testing.assert_frame_equal(nodes, again)


def test_ties_of_unknown_field_do_not_count_as_crossing() -> None:
    rows = [("SR01", "x", "kita", "y", None, None, 1, 2017), tie("SR01", "x", "hze1")]
    rows[1] = ("SR01", "x", "kita", "hze1", "hze", None, 1, 2017)
    _, ties = network_figures.drawing(_nets(cooperation(rows), 2017))
    assert sorted(ties["cross"]) == [False, True]


def test_every_field_has_a_shape_of_its_own_and_a_label() -> None:
    assert set(network_figures.FIELDS) == {*FIELDS, ""}
    assert set(network_figures.STYLES) == set(network_figures.FIELDS)
    shapes = [shape for shape, _ in network_figures.STYLES.values()]
    assert len(set(shapes)) == len(shapes)


def test_words_hold_the_numbers(table: pd.DataFrame) -> None:
    figure = _figure(table, 2017, 2024)
    ET.fromstring(figure.svg)
    old, new = f"17{NBSP}%", f"86{NBSP}%"
    assert figure.title == (
        f"Oberau: zwischen den Feldern liegen {old} (2017) und {new} (2024) der Zusammenarbeit"
    )
    assert f"2017: 18 Organisationen in 3 Feldern, {old} des Gewichts zwischen Feldern" in (
        figure.alt
    )
    assert f"2024: 19 Organisationen in 4 Feldern, {new}" in figure.alt
    assert "SR01-kita" not in figure.svg + figure.alt + figure.data.html
    assert "Koordination" in figure.data.html


def test_one_year_and_a_network_without_ties_are_drawn(table: pd.DataFrame) -> None:
    assert "(2017)" in _figure(table, 2017).title
    none = cooperation([tie("SR01", "kita1", "hze1", 0)])
    assert _figure(none, 2017).title == "Oberau: keine Verbindungen"
    assert "2017: 2 Organisationen in 2 Feldern, keine Verbindung." in _figure(none, 2017).alt


def test_a_name_is_escaped_and_only_released_frames_are_drawn(table: pd.DataFrame) -> None:
    figure = _figure(table, 2017, name=PAYLOAD)
    assert "<script" not in figure.data.html + figure.svg
    nodes, ties = network_figures.drawing(_nets(table, 2017))
    with pytest.raises(ReleaseError, match="take a Released frame"):
        network_figures.side_by_side(
            nodes,  # type: ignore[arg-type]
            ties,  # type: ignore[arg-type]
            ties,  # type: ignore[arg-type]
            shares={2017: 0.5},
            name="Oberau",
        )


def test_the_same_tables_give_the_same_picture(table: pd.DataFrame) -> None:
    assert _figure(table, 2017, 2024).svg == _figure(table, 2017, 2024).svg
