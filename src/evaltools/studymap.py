"""Borders of areas from GeoJSON (RFC 7946), read strictly: what is not understood is refused."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from evaltools.errors import StudyError

Ring = tuple[tuple[float, float], ...]
MAX_BYTES = 5_000_000
MOST_AREAS = 1000
FURTHEST = 1e9  # metres or degrees from the origin; nothing on earth lies beyond
ID = "area_id"


@dataclass(frozen=True)
class Border:
    """The border of one area: polygons, each an outer ring and the holes in it."""

    area: str
    polygons: tuple[tuple[Ring, ...], ...]


def borders(path: Path) -> tuple[tuple[Border, ...], bytes]:
    """Read the borders of areas.

    Parameters
    ----------
    path : Path
        A FeatureCollection of Polygon and MultiPolygon features with ``properties.area_id``; at
        most 5 MB. Coordinates are degrees or metres.

    Returns
    -------
    tuple
        The borders in the order of the file, and the file's content.

    Raises
    ------
    StudyError
        Naming the feature and what is wrong with it.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StudyError(f"{path.name}: cannot be read ({error.strerror})") from None
    if len(raw) > MAX_BYTES:
        raise StudyError(
            f"{path.name} has more than {MAX_BYTES} bytes; at most these are read, simplify the "
            "borders"
        )
    return parse(raw, path.name), raw


def parse(raw: bytes, name: str) -> tuple[Border, ...]:
    """Read borders from the content of a file; as :func:`borders`."""
    try:
        whole = json.loads(
            raw.decode("utf-8-sig"), parse_constant=_no_number, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise StudyError(f"{name}: not valid JSON: {reason[:200]}") from None
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list) or whole.get("type") != "FeatureCollection":
        raise StudyError(f"{name}: a FeatureCollection with features is needed")
    if not 1 <= len(features) <= MOST_AREAS:
        raise StudyError(f"{name}: {len(features)} features; 1 to {MOST_AREAS} are read")
    found = tuple(
        _border(feature, f"{name}, feature {number}")
        for number, feature in enumerate(features, start=1)
    )
    ids = [border.area for border in found]
    double = sorted({area for area in ids if ids.count(area) > 1})
    if double:
        raise StudyError(
            f"{name}: {ID} {', '.join(double)} stands twice; join its parts to a MultiPolygon"
        )
    return found


def _border(feature: Any, place: str) -> Border:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise StudyError(f"{place}: is no Feature")
    properties, geometry = feature.get("properties"), feature.get("geometry")
    area = properties.get(ID) if isinstance(properties, dict) else None
    if not isinstance(area, str) or not area:
        raise StudyError(f"{place}: properties.{ID} is missing or no text")
    geometry = geometry if isinstance(geometry, dict) else {}
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise StudyError(
            f"{place} ({area[:32]}): geometry {kind!r}; a Polygon or MultiPolygon is needed"
        )
    given = geometry.get("coordinates")
    parts = [given] if kind == "Polygon" else given
    polygons = tuple(
        tuple(_ring(ring, f"{place} ({area[:32]})") for ring in _filled(part, place))
        for part in _filled(parts, place)
    )
    return Border(area, polygons)


def _filled(parts: Any, place: str) -> list[Any]:
    if not isinstance(parts, list) or not parts:
        raise StudyError(f"{place}: coordinates are empty or no list")
    return parts


def _ring(ring: Any, place: str) -> Ring:
    points = tuple(_point(point, place) for point in _filled(ring, place))
    if len(points) < 4 or points[0] != points[-1]:
        raise StudyError(f"{place}: a ring needs at least four positions and ends where it began")
    if len(set(points)) < 3:
        raise StudyError(f"{place}: a ring with fewer than three different positions has no area")
    return points


def _point(point: Any, place: str) -> tuple[float, float]:
    numbers: list[Any] = point if isinstance(point, list) and 2 <= len(point) <= 3 else [None]
    for value in numbers:
        # True is an int for Python, and is no coordinate.
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not (abs(value) <= FURTHEST and math.isfinite(value)):
            raise StudyError(f"{place}: a position is two finite numbers up to {FURTHEST:g}")
    return float(numbers[0]), float(numbers[1])


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
