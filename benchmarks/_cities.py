"""Simulated cities for the benchmarks of runs: 17 model areas, compared with 17 others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import yaml

from evaltools.data import cases, demo
from evaltools.study import Workspace, open_study

PROJECT = Path(__file__).parent.parent
AREAS = tuple(f"SR{number:02d}" for number in range(1, 18))
FIRST, LAST = 2010, 2024
STARTS = {"year": "2018", "quarter": "2018-Q1", "month": "2018-01"}
TABLES = ("area", "hze_count", "population", "reference_trend")


def project(root: Path) -> Path:
    """Make a project without studies: the notebooks, and folders for the rest."""
    for name in ("studies", "data/raw", "data/processed", "reports"):
        (root / name).mkdir(parents=True)
    shutil.copytree(PROJECT / "notebooks", root / "notebooks")
    return root


def add(
    root: Path,
    name: str,
    *,
    seed: int,
    notebooks: tuple[str, ...],
    audience: str = "public",
    draws: int = 1,
    period: cases.Period = "year",
) -> Workspace:
    """Add a study of one simulated city.

    The model areas are those of one draw of the demo city, the comparison areas (VA01 to VA17,
    VB01 ...) those of others.

    Parameters
    ----------
    root : Path
        A project.
    name : str
        Of the study and its city.
    seed : int
        Of all draws.
    notebooks : tuple of str
        Run for each model area.
    audience : {'public', 'intern'}
        Whether small counts are protected.
    draws : int
        How many times 17 areas to compare with.
    period : {'year', 'quarter', 'month'}
        Length of a period.
    """
    drawn = [_tables(seed, period)]
    drawn += [
        _tables(seed + 100_000 * number, period, f"V{chr(64 + number)}")
        for number in range(1, draws + 1)
    ]
    raw = root / "data" / "raw" / name
    raw.mkdir()
    sources = []
    for table in TABLES:
        parts = drawn[:1] if table == "reference_trend" else drawn
        frame = pd.concat([part[table] for part in parts], ignore_index=True)
        frame.to_csv(raw / f"{table}.csv", index=False)
        sources.append(
            {
                "id": table,
                "file": f"{table}.csv",
                "table": table,
                "provider": "evaltools (simulierte Daten)",
                "licence": "CC0-1.0",
                "retrieved": "2025-01-31",
                "columns": {column: column for column in frame},
            }
        )
    _yaml(raw / "sources.yml", {"city": name, "simulated": True, "sources": sources})
    study = {
        "title": "Simulierte Stadt mit siebzehn Modellräumen",
        "city": name,
        "period": period,
        "first": FIRST,
        "last": LAST,
        "model_areas": [{"area": area, "start": STARTS[period]} for area in AREAS],
        "reference": ["state"],
        "audience": audience,
        "outcomes": {
            "hze": "inanspruchnahme_lokal",
            "placements": "fremdunterbringung",
            "intensity": "anteil_stationaer_begonnen",
        },
        "disclosure": {"threshold": 3, "zeros_shown": True},
        "notebooks": {"area": list(notebooks), "city": []},
    }
    _yaml(root / "studies" / f"{name}.yml", study)
    return open_study(name, folder=root)


def _tables(seed: int, period: cases.Period, prefix: str = "SR") -> dict[str, pd.DataFrame]:
    """Draw a city and count its helps; the area that is dissolved on the way is left out."""
    drawn = dict(demo.simulate(seed).tables)
    counted = cases.count(drawn.pop("hze_case"), period=period, first=FIRST, last=LAST)
    drawn["hze_count"] = counted.loc[:, ~counted.columns.str.endswith("_reason")]
    drawn["area"] = drawn["area"][["area_id", "name", "area_type"]]
    kept = {}
    for table in TABLES:
        frame = drawn[table].copy()
        if "area_id" in frame:
            frame = frame[frame["area_id"].isin(AREAS)]
            frame["area_id"] = frame["area_id"].str.replace("SR", prefix)
        if "name" in frame and prefix != "SR":
            frame["name"] = frame["name"] + f" ({prefix})"
        kept[table] = frame
    return kept


def _yaml(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
