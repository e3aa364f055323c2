"""Send steps as they become ready, the longest first, and follow each result up at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

from evaltools.reports.executors import Engine
from evaltools.reports.steps import Step

Entry = tuple[float, int, Step]


def flow(
    first: Sequence[Step],
    engine: Engine,
    after: Callable[[Step, Any], Sequence[Step]],
    *,
    most: int,
    running: Callable[[Sequence[Step], int], None] = lambda steps, workers: None,
) -> None:
    """Take steps, and all that follow from them, to their end.

    Results are handed over as they come and dropped then; steps that wait are small.

    Parameters
    ----------
    first : sequence of Step
        What can begin at once; without any, no executor is started.
    engine : Engine
        Gives the executor.
    after : callable
        Told each step with its result; returns the steps that are ready by that.
    most : int
        How many steps may be ready at the same time; more workers would have nothing to do.
    running : callable, optional
        Told which steps run now, and on how many workers, whenever that may have changed.
    """
    if not first:
        return
    numbers = count()
    ready: list[Entry] = [(-step.seconds, next(numbers), step) for step in first]
    heapify(ready)
    sent: dict[int, Step] = {}
    with engine(most) as executor:
        while ready or sent:
            while ready and len(sent) < executor.window:
                _, key, step = heappop(ready)
                sent[key] = step
                executor.submit(key, step.function, step.given, step.limit)
            running([sent[key] for key in executor.running() if key in sent], executor.width)
            for key, result in executor.finished():
                for step in after(sent.pop(key), result):
                    heappush(ready, (-step.seconds, next(numbers), step))
