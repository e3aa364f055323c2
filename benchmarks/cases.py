"""Case rows → counts: DuckDB in evaltools against a plain pandas groupby, same rows, same run.

Usage: python benchmarks/cases.py [rows]; the default is one million.

The alternative has no loop over rows or periods: each case is repeated once for each year it
touches, then grouped. Both run in a process of their own, so that each one's peak memory can be
read. Prints ``name: ratio`` lines last and exits non-zero when a target is missed or counts differ.
"""

from __future__ import annotations

import multiprocessing as mp
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from evaltools.data import cases

FIRST, LAST = 2010, 2024
RUNS = 3
TIME_TARGET = 1.0
MEMORY_TARGET = 2.0
KEY = ["area_id", "period", "paragraph", "form"]


def rows(n: int) -> pd.DataFrame:
    """Make n simulated case rows in 17 areas, seeded; one in nine is a person's further help."""
    rng = np.random.default_rng(1)
    person = np.where(rng.random(n) < 1 / 9, rng.integers(0, n, n), np.arange(n))
    days = (pd.Timestamp(LAST, 12, 31) - pd.Timestamp(FIRST - 3, 1, 1)).days
    begin = pd.Timestamp(FIRST - 3, 1, 1) + pd.to_timedelta(rng.integers(0, days, n), "D")
    end = pd.Series(begin + pd.to_timedelta(rng.gamma(2, 150, n).astype(int) + 1, "D"))
    end = end.where(end <= pd.Timestamp(LAST, 12, 31))
    paragraph = rng.choice(["28", "30", "31", "33", "34"], n)
    form = np.where(np.isin(paragraph, ["33", "34"]), "stationaer", "ambulant")
    frame = pd.DataFrame(
        {
            "person_id": person.astype(str),
            "area_id": np.char.add("SR", np.char.zfill(rng.integers(1, 18, n).astype(str), 2)),
            "paragraph": paragraph,
            "form": form,
            "begin": begin,
            "end": end,
        }
    )
    return frame.astype(dict.fromkeys(["person_id", "area_id", "paragraph", "form"], "string"))


def by_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """Count with pandas alone."""
    begun = frame["begin"].dt.year
    ended = frame["end"].dt.year
    low = begun.clip(lower=FIRST)
    high = ended.fillna(LAST).clip(upper=LAST).astype(int)
    times = (high - low + 1).clip(lower=0)
    long = frame.loc[frame.index.repeat(times), ["area_id", "paragraph", "form", "person_id"]]
    offset = long.groupby(level=0).cumcount()
    year = low.loc[long.index].to_numpy() + offset.to_numpy()
    long["period"] = pd.Series(year, index=long.index).astype("string")
    long["started"] = begun.loc[long.index].to_numpy() == year
    long["ended"] = ended.loc[long.index].to_numpy() == year
    long["stock_3112"] = ~long["ended"]
    parts = []
    whole = long.assign(paragraph="alle", form="alle")
    for part in (long, whole):
        grouped = part.groupby(KEY)
        counts = grouped[["stock_3112", "started", "ended"]].sum()
        counts["young_people"] = grouped["person_id"].nunique()
        parts.append(counts.reset_index())
    return pd.concat(parts).sort_values(KEY, ignore_index=True)


def by_evaltools(frame: pd.DataFrame) -> pd.DataFrame:
    """Count with the library."""
    return cases.count(frame, period="year", first=FIRST, last=LAST)


def measure(name: str, file: str, queue: mp.Queue) -> None:
    """Count several times in this process; send the result, the times and the peak memory."""
    frame = pd.read_parquet(file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    way = {"pandas": by_pandas, "evaltools": by_evaltools}[name]
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        result = way(frame)
        times.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    queue.put((result, times, (peak - before) / 1024))


def main() -> int:
    """Run both ways in turn and compare."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    context = mp.get_context("spawn")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "cases.parquet")
        rows(n).to_parquet(file)
        for name in ("pandas", "evaltools"):
            queue = context.Queue()
            process = context.Process(target=measure, args=(name, file, queue))
            process.start()
            results[name] = queue.get()
            process.join()
            _, times, memory = results[name]
            middle = statistics.median(times)
            print(f"{name}: {n:,} rows, median of {RUNS}: {middle:.2f} s, peak +{memory:.0f} MiB")
    plain, ours = (results[name][0].set_index(KEY).sort_index() for name in results)
    kept = ours[ours.sum(axis=1) > 0].astype("int64")
    equal = kept.equals(plain[kept.columns].astype("int64"))
    print(f"counts equal: {equal} ({len(plain)} cells)")
    time_ratio = statistics.median(results["pandas"][1]) / statistics.median(
        results["evaltools"][1]
    )
    memory_ratio = results["pandas"][2] / max(results["evaltools"][2], 1)
    print(f"cases_time_pandas_over_evaltools: {time_ratio:.2f}")
    print(f"cases_memory_pandas_over_evaltools: {memory_ratio:.2f}")
    return 0 if equal and time_ratio >= TIME_TARGET and memory_ratio >= MEMORY_TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
