"""What each kernel loads: it lets nothing of a foreign exception out but the name of its class.

It imports next to nothing, for every kernel waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaltools.errors import EvaltoolsError

OWN = "evaltools."
WITHHELD = "its message is withheld, it may quote data; run the notebook by hand in make lab"


def load_ipython_extension(shell: Any) -> None:
    """Let errors leave a kernel as the name of their class; only our own say more.

    The message and the traceback of a foreign exception may quote rows, names and paths. Only the
    kernel knows the class itself; outside, others of the same name could not be told from ours.
    """
    tell: Callable[..., None] = shell._showtraceback

    def told(kind: type[BaseException], value: object, lines: object) -> None:
        own = issubclass(kind, EvaltoolsError)
        name = f"{OWN if own else ''}{kind.__name__}"
        tell(type(name, (Exception,), {}), value if own else WITHHELD, [])

    shell._showtraceback = told
