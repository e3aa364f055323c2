"""Before/after evaluation of Hilfen zur Erziehung per Stadtraum."""

from importlib.metadata import version

__version__ = version("evaltools")
