"""The program as it is installed: one digest that changes with its code and its packages."""

from __future__ import annotations

import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

import evaltools
from evaltools import files

OWN_CODE = (".py", ".j2", ".css", ".json", ".yml")
PACKAGE = (".dist-info", ".egg-info")


@cache
def digest() -> str:
    """Return a digest of the program's own code and of the versions of all it may use.

    Versions are read from the names of the packages' own folders: their descriptions take longer
    to read than all the rest of a run in which nothing changed.
    """
    root = Path(evaltools.__file__).parent
    own = [path for path in sorted(root.rglob("*")) if path.suffix in OWN_CODE]
    told = [sys.version, *map(files.digest, own), *sorted(_packages())]
    return sha256("\n".join(told).encode()).hexdigest()


def _packages() -> set[str]:
    """Name the installed packages with their versions, such as ``pandas-2.3.1.dist-info``."""
    folders = [Path(place) for place in sys.path if place and Path(place).is_dir()]
    return {item.name for place in folders for item in place.iterdir() if item.suffix in PACKAGE}
