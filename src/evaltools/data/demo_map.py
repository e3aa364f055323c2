"""The invented map of Musterstadt: one hexagon an area, so that neighbours touch."""

from __future__ import annotations

import json

NAME = "gebiete.geojson"
ROWS = (3, 4, 3, 4, 3)  # hexagons a row; areas run to and fro, so that the next one touches
HALF, SIDE = 866, 500  # invented metres: half a hexagon's width, half its side
CORNERS = ((0, 2), (1, 1), (1, -1), (0, -2), (-1, -1), (-1, 1), (0, 2))


def content() -> bytes:
    """Return the map as GeoJSON: seventeen areas, SR01 to SR17; the same bytes every time."""
    features = []
    number = 0
    for row, length in enumerate(ROWS):
        order = range(length) if row % 2 == 0 else range(length - 1, -1, -1)
        for column in order:
            number += 1
            x = HALF * (2 * column + (1 if length == 3 else 0))
            features.append(_hexagon(f"SR{number:02d}", x, -3 * SIDE * row))
    whole = {
        "type": "FeatureCollection",
        "name": "Musterstadt, erfundene Kachelkarte ohne wirklichen Ort",
        "features": features,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def _hexagon(area: str, x: int, y: int) -> dict[str, object]:
    ring = [[x + HALF * right, y + SIDE * up] for right, up in CORNERS]
    return {
        "type": "Feature",
        "properties": {"area_id": area},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
