"""Codings of focus groups and expert rounds: read, compare, count; nothing here is published."""

from evaltools.codings.reading import read

__all__ = ["read"]
