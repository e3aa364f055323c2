"""What each kernel loads: it lets nothing of a foreign exception out but the name of its class.

It imports next to nothing, for every kernel waits for it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaltools.data import reads
from evaltools.errors import EvaltoolsError

OWN = "evaltools."
WITHHELD = "its message is withheld, it may quote data; run the notebook by hand in make lab"
MEMORY_ERROR = "MemoryError"
# What a run asks of its kernel, by the environment: an ordinary and a forked one read the same.
READS, MEMORY, SECONDS = "EVALTOOLS_READS", "EVALTOOLS_MEMORY", "EVALTOOLS_SECONDS"


def load_ipython_extension(shell: Any) -> None:
    """Let errors leave a kernel as the name of their class; only our own say more.

    The message and the traceback of a foreign exception may quote rows, names and paths. Only the
    kernel knows the class itself; outside, others of the same name could not be told from ours.
    """
    tell: Callable[..., None] = shell._showtraceback

    def told(kind: type[BaseException], value: object, lines: object) -> None:
        own = issubclass(kind, EvaltoolsError)
        name = MEMORY_ERROR if issubclass(kind, MemoryError) else kind.__name__
        name = f"{OWN if own else ''}{name}"
        tell(type(name, (Exception,), {}), value if own else WITHHELD, [])

    shell._showtraceback = told
    _obey()


def _obey() -> None:
    """Do what the run asks, and let the notebook see nothing of it."""
    asked = {name: os.environ.pop(name, "") for name in (READS, MEMORY, SECONDS)}
    if asked[READS]:
        reads.listen(Path(asked[READS]))
    if sys.platform != "win32":
        if asked[MEMORY]:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (int(asked[MEMORY]),) * 2)
        if asked[SECONDS]:
            # Should the run be unable to end this kernel, the system does.
            signal.alarm(int(asked[SECONDS]))
