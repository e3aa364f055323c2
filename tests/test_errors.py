from __future__ import annotations

from evaltools import errors
from evaltools.errors import EvaltoolsError, unknown


def test_each_kind_of_error_has_an_exit_code_of_its_own() -> None:
    kinds = EvaltoolsError.__subclasses__()
    codes = [kind.exit_code for kind in kinds]
    assert len(codes) == len(set(codes)) >= 6
    assert not set(codes) & {0, 1, 2}


def test_unknown_lists_the_permitted_names_in_one_line() -> None:
    message = unknown("area", "SR4", ["SR10", "SR04"])
    assert message == "unknown area 'SR4'; permitted: SR04, SR10"


def test_unknown_puts_close_names_first_in_a_long_list() -> None:
    names = [f"indicator_{place:03d}" for place in range(100)] + ["zugangsquote"]
    message = unknown("indicator", "zugangsqoute", names)
    assert message.startswith("unknown indicator 'zugangsqoute'; permitted: zugangsquote, ")
    assert message.endswith("(101 in all)")


def test_unknown_without_any_permitted_name_says_so() -> None:
    assert unknown("table", "x", []) == "unknown table 'x'; permitted: none"


def test_data_error_carries_its_findings() -> None:
    assert errors.DataError("x").findings is None
