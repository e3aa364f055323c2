"""Codings: reading a large REFI-QDA project, co-occurrence, and files that are made to harm.

Usage: python benchmarks/codings.py [codings]; the default is 100,000 in 200 documents and 2,000
codes, seeded; each segment overlaps about ten others, however many there are.

- Reading: the whole .qdpx (texts, codes, coders, offsets checked against the texts) against pandas
  reading a flat CSV of the same codings, which checks nothing. So this ratio is a price, not a win.
- Co-occurrence: the sparse sweep against what one writes with pandas alone, each document merged
  with itself and then filtered. Both count the same pairs. The growth is that of the time when the
  codings double: 2 is linear, 4 quadratic.
- Hostile files: each has to be refused with an error meant for users within two seconds.

Prints ``name: ratio`` lines last and exits non-zero when a target is missed or counts differ.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from evaltools.codings import cooccurrence, model, refi, refi_write
from evaltools.errors import EvaltoolsError

DOCUMENTS, CODES, TOPS = 200, 2_000, 50
MEAN = 100  # characters a segment
NEIGHBOURS = 10  # segments that one overlaps
RUNS = 5
READ_TARGET = 200.0
PAIRS_TARGET = 3.0
GROWTH_TARGET = 3.0
HOSTILE_SECONDS = 2.0
WORDS = [
    "Räume",
    "Bedarf",
    "und",
    "die",
    "Straße",
    "Träger",
    "im",
    "Stadtraum",
    "🙂",
    "offen",
    "nicht",
]


def project(n: int) -> model.Project:
    """Make a project of n codings by two coders, seeded, in documents of real text."""
    rng = np.random.default_rng(5)
    each = n // DOCUMENTS
    length = 2 * each * MEAN // NEIGHBOURS
    texts = [
        " ".join(rng.choice(WORDS, length // 4 + 99))[: length + 2 * MEAN] for _ in range(DOCUMENTS)
    ]
    starts = rng.integers(0, length, n)
    ends = starts + rng.integers(1, 2 * MEAN, n)
    codes = rng.integers(TOPS, CODES, n)
    home = np.arange(n) // each % DOCUMENTS
    spans = [
        (f"s{i}", f"d{d}", a, b, texts[d][a:b], None, None)
        for i, (d, a, b) in enumerate(
            zip(home.tolist(), starts.tolist(), ends.tolist(), strict=True)
        )
    ]
    tables = {
        "documents": [
            (f"d{d}", f"Gruppe {d}", f"g{d % 8}", f"SR{d % 17:02}", text, None)
            for d, text in enumerate(texts)
        ],
        "codes": [
            (f"c{c}", f"Code {c}", f"c{c % TOPS}" if c >= TOPS else None, None, None, None, True)
            for c in range(CODES)
        ],
        "coders": [("u0", "Anna"), ("u1", "Björn")],
        "segments": spans,
        "codings": [
            (f"k{i}", f"s{i}", f"d{d}", f"c{c}", f"u{i % 2}", None, None)
            for i, (d, c) in enumerate(zip(home.tolist(), codes.tolist(), strict=True))
        ],
    }
    return model.build(model.Origin("benchmark", "made", "benchmark"), tables)


def flat(made: model.Project) -> pd.DataFrame:
    """Lay the codings out as one table, as QDA programs export them."""
    table = made.codings[["coding_id", "segment_id", "code_id", "coder_id"]]
    table = table.merge(made.segments.drop(columns=["para_start", "para_end"]), on="segment_id")
    table = table.merge(made.documents[["doc_id", "name", "group", "area_id"]], on="doc_id")
    return table.merge(made.codes[["code_id", "path"]], on="code_id")


def seconds(way: Callable[[], object], runs: int = RUNS) -> float:
    """Return the shortest CPU time of several runs, which a busy machine disturbs least."""
    times = []
    for _ in range(runs):
        begun = time.process_time()
        way()
        times.append(time.process_time() - begun)
    return min(times)


def peak(made: model.Project) -> float:
    """Return how many MiB co-occurrence takes at most beside the project."""
    tracemalloc.start()
    cooccurrence.pairs(made)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def by_merge(made: model.Project) -> pd.Series:
    """Count overlapping pairs with pandas alone, one document after the other."""
    order = {code: place for place, code in enumerate(made.codes["code_id"])}
    rows = pd.DataFrame(
        {
            "doc": made.codings["doc_id"].to_numpy(dtype=object),
            "code": made.codings["code_id"].map(order).to_numpy(),
            "start": made.segments["start"].to_numpy(dtype="int64"),
            "end": made.segments["end"].to_numpy(dtype="int64"),
        }
    ).drop_duplicates()
    parts = []
    for _, own in rows.groupby("doc"):
        met = own.merge(own, on="doc", suffixes=("_a", "_b"))
        met = met[(met["start_a"] < met["end_b"]) & (met["start_b"] < met["end_a"])]
        parts.append(met.loc[met["code_a"] < met["code_b"], ["code_a", "code_b"]])
    return pd.concat(parts).value_counts(sort=False)


def same(made: model.Project) -> bool:
    """Tell whether both ways count the same."""
    ours = cooccurrence.pairs(made)
    order = {code: place for place, code in enumerate(made.codes["code_id"])}
    key = [ours[name].map(order).to_numpy() for name in ("code_a", "code_b")]
    counted = pd.Series(ours["n"].to_numpy(), index=pd.MultiIndex.from_arrays(key)).sort_index()
    plain = by_merge(made).sort_index()
    print(f"pairs of codes that overlap: {len(ours):,}, of segments: {ours['n'].sum():,}")
    return counted.index.equals(plain.index) and bool(
        (counted.to_numpy() == plain.to_numpy()).all()
    )


def reading(made: model.Project, folder: Path) -> float:
    """Return how many times as long the project takes as the CSV."""
    packed, table = folder / "large.qdpx", folder / "large.csv"
    refi_write.project(made, packed)
    flat(made).to_csv(table, index=False, quoting=csv.QUOTE_MINIMAL)
    again = refi.read(packed)
    if len(again.codings) != len(made.codings) or again.problems:
        print(f"read back {len(again.codings):,} codings, {len(again.problems)} problems")
        return float("inf")
    ours, plain = seconds(lambda: refi.read(packed), 3), seconds(lambda: pd.read_csv(table))
    sizes = [file.stat().st_size / 1e6 for file in (packed, table)]
    print(f"read: .qdpx of {sizes[0]:.1f} MB {ours:.2f} s, CSV of {sizes[1]:.1f} MB {plain:.2f} s")
    return ours / plain


def hostile(folder: Path) -> list[Path]:
    """Write a small set of files that are made to harm."""
    entity = '<!DOCTYPE P [<!ENTITY x SYSTEM "file:///etc/hostname">]><Project name="&x;"/>'
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(10))
    packed = {
        "bomb": {"project.qde": b"<Project>" + b" " * 200_000_000},
        "traversal": {"../../project.qde": b"<Project/>"},
        "entity": {"project.qde": entity.encode()},
        "laughs": {"project.qde": f"<!DOCTYPE P [{laughs}]><Project name='&l9;'/>".encode()},
        "members": {f"sources/{i}.txt": b"" for i in range(50_000)},
        "claim": {"project.qde": b"<Project/>"},
    }
    files = []
    for name, members in packed.items():
        files.append(folder / f"{name}.qdpx")
        with zipfile.ZipFile(files[-1], "w", zipfile.ZIP_DEFLATED) as made:
            for member, content in members.items():
                made.writestr(member, content)
    claimed = bytearray(files[-1].read_bytes())
    place = claimed.index(b"PK\x01\x02") + 24
    claimed[place : place + 4] = (2**31).to_bytes(4, "little")
    files[-1].write_bytes(claimed)
    return files


def refusing(folder: Path) -> float:
    """Return how often the slowest refusal fits into the time limit; 0 when one is no refusal."""
    slowest = 0.0
    for file in hostile(folder):
        begun = time.perf_counter()
        try:
            refi.read(file)
        except EvaltoolsError as error:
            taken = time.perf_counter() - begun
            print(f"{file.name}: {taken:.3f} s: {error}")
            slowest = max(slowest, taken)
        else:
            print(f"{file.name}: was read, not refused")
            return 0.0
    return HOSTILE_SECONDS / slowest


def main() -> int:
    """Run everything and compare."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    made, double = project(n), project(2 * n)
    ours, more = (seconds(lambda it=it: cooccurrence.pairs(it)) for it in (made, double))
    plain, slow = (seconds(lambda it=it: by_merge(it), 1) for it in (made, double))
    print(f"co-occurrence of {n:,} codings: {ours:.2f} s, of {2 * n:,}: {more:.2f} s")
    print(f"by merging documents with themselves: {plain:.2f} s, of {2 * n:,}: {slow:.2f} s")
    print(f"peak memory of co-occurrence: {peak(made):.0f} MiB in numpy and Python")
    equal = same(made)
    with tempfile.TemporaryDirectory() as name:
        price = reading(made, Path(name))
        margin = refusing(Path(name))
    print(f"counts equal: {equal}")
    print(f"codings_read_refi_over_csv: {price:.1f} (at most {READ_TARGET:.0f})")
    print(f"cooccurrence_time_merge_over_sparse: {plain / ours:.1f} (at least {PAIRS_TARGET:.0f})")
    print(f"cooccurrence_growth_merge: {slow / plain:.2f} (no target)")
    print(f"cooccurrence_growth_sparse: {more / ours:.2f} (at most {GROWTH_TARGET:.0f})")
    print(f"hostile_limit_over_slowest: {margin:.1f} (at least 1)")
    good = equal and price <= READ_TARGET and margin >= 1
    return 0 if good and plain / ours >= PAIRS_TARGET and more / ours <= GROWTH_TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
