"""What ``evaltools run`` does: make each study ready, run what is due of all, one after the other.

A study that cannot be run (errors in its data, another run that holds it) stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace

from evaltools import files
from evaltools.errors import EvaltoolsError, RunError
from evaltools.reports.executors import Engine, Executor
from evaltools.reports.limits import Limits
from evaltools.reports.outcomes import Ended, Listener
from evaltools.reports.steps import Batch
from evaltools.study import Workspace, open_study

MOMENT = 5.0  # seconds in which another process may look whether a part is under way
PATIENCE = 3600.0  # seconds to wait for another shard that ingests


@dataclass(frozen=True)
class Order:
    """What a user asked for.

    Attributes
    ----------
    areas, notebooks : sequence of str
        All when none are named.
    given : mapping of str to str
        Parameters; the pages stay in the office then.
    force : bool
        Whether to run every notebook, whatever lies there.
    workers : int or None
        Processes; as many as the machine allows when not given.
    limits : Limits
        What each task may use; without a limit of memory the machine's is shared.
    scheduler : str
        Address of a Dask scheduler; empty for this machine.
    shard : (int, int) or None
        Which part of the tasks, of how many.
    """

    areas: Sequence[str] = ()
    notebooks: Sequence[str] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    workers: int | None = None
    limits: Limits = field(default_factory=Limits)
    scheduler: str = ""
    shard: tuple[int, int] | None = None


def run(
    names: Sequence[str],
    order: Order,
    *,
    listener: Listener,
    ready: Callable[[Workspace], None],
) -> tuple[Ended, ...]:
    """Run studies.

    Parameters
    ----------
    names : sequence of str
        Names or files of studies.
    order : Order
        What is wanted of each.
    listener : Listener
        Told how it goes on.
    ready : callable
        Ingests a study where that is necessary; the study is locked meanwhile.

    Returns
    -------
    tuple of Ended
        One for each study that could be opened, in the order of their names.

    Raises
    ------
    EvaltoolsError
        When the only study cannot be run, a study cannot be opened, or the executor is lost.
    """
    from evaltools.reports import runs
    from evaltools.reports.desk import Manner

    spaces = [open_study(name) for name in dict.fromkeys(names)]
    refused: dict[str, EvaltoolsError] = {}
    batches = []
    with ExitStack() as held:
        for space in spaces:
            try:
                batches.append(_prepared(space, order, ready, held))
            except EvaltoolsError as error:
                if len(spaces) == 1:
                    raise
                refused[space.name] = error
        most = sum(len(tasks) for _, tasks in batches)
        engine, limits = _engine(order, [space for space, _ in batches], most)
        manner = Manner(fresh=order.force, shared=order.shard is not None, limits=limits)
        ended = runs.run_all(batches, engine=engine, listener=listener, manner=manner)
    there = {one.space.name: one for one in ended}
    if len(spaces) == 1 and ended[0].error is not None:
        raise ended[0].error
    lost = {space.name: Ended(space, (), refused.get(space.name)) for space in spaces}
    return tuple((lost | there)[space.name] for space in spaces)


def shard(text: str) -> tuple[int, int]:
    """Read ``i/n``.

    Raises
    ------
    RunError
        When it is none.
    """
    part, _, parts = text.partition("/")
    if part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts):
        return int(part), int(parts)
    raise RunError(f"--shard {text}: write i/n with i from 1 to n, such as --shard 1/8")


def pairs(given: Sequence[str]) -> dict[str, str]:
    """Read ``name=value``, each name once.

    Raises
    ------
    RunError
        When one is none, or a name is given twice.
    """
    found: dict[str, str] = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign or not name:
            raise RunError(f"-p {item}: write name=value, such as -p start=2018")
        if name in found:
            raise RunError(f"-p {name} is given twice; keep one")
        found[name] = value
    return found


def _prepared(
    space: Workspace, order: Order, ready: Callable[[Workspace], None], held: ExitStack
) -> Batch:
    """Lock a study, make it ready and plan its tasks."""
    from evaltools.data import inputs, store
    from evaltools.reports import plan

    if order.shard is None:
        held.enter_context(store.locked(space))
        ready(space)
    else:
        own, name = store.shard_lock(space, *order.shard), "/".join(map(str, order.shard))
        held.enter_context(files.locked(own, f"part {name} of study {space.name}", wait=MOMENT))
        lock = space.processed.with_name(f".{space.name}.lock")
        with files.locked(lock, f"study {space.name}", wait=PATIENCE):
            if not inputs.is_current(space):
                store.refuse_beside_shards(space, own=own)
            ready(space)
    space = space.for_office() if order.given else space
    tasks = plan.tasks(space, areas=order.areas, notebooks=order.notebooks, given=order.given)
    if order.shard is not None:
        part, parts = order.shard
        tasks = tuple(sorted(tasks, key=lambda task: task.output))[part - 1 :: parts]
    return space, tasks


def _engine(order: Order, spaces: Sequence[Workspace], most: int) -> tuple[Engine, Limits]:
    """Choose who executes, and what each task may use there."""
    if order.scheduler:
        from evaltools.reports import cluster

        return cluster.engine(order.scheduler, spaces), order.limits
    from evaltools.reports import machine

    limits = order.limits
    if not limits.memory:
        limits = replace(limits, memory=machine.share(machine.width(most, order.workers)))

    def start(calls: int) -> AbstractContextManager[Executor]:
        from evaltools.reports import pool  # only once something runs

        return pool.engine(order.workers, spool=spaces[0].processed)(calls)

    return start, limits
