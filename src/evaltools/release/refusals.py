"""What a view shows where a measure refuses its data: the reason, in German."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from evaltools.errors import DesignError
from evaltools.release.display import Prose, prose
from evaltools.release.figures import Figure
from evaltools.release.tables import HtmlTable

Given = ParamSpec("Given")
Shown = HtmlTable | Figure | Prose


def explained(view: Callable[Given, Shown]) -> Callable[Given, Shown]:
    """Let a view say in German why a measure refuses its data, instead of stopping the page."""

    @wraps(view)
    def shown(*args: Given.args, **options: Given.kwargs) -> Shown:
        try:
            return view(*args, **options)
        except DesignError as refusal:
            return prose(f"Nicht dargestellt. {refusal.german}")

    return shown
