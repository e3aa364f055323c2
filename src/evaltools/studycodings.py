"""What a study file declares of its interviews: dimensions, SONI, joint display, COREQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evaltools.studyparts import AreaId, Slug
from evaltools.yamlfile import Strict

SONI = ("Sozialstruktur", "Organisation", "Netzwerk", "Individuum")
EVERYWHERE = "alle"
CodePath = Annotated[str, Field(min_length=1, max_length=500)]
Stance = Literal["dafuer", "dagegen", "gemischt", "anderes"]


class Voice(Strict):
    """How the researchers read the voices on one row, and what they rest it on.

    ``dafuer`` and ``dagegen`` speak for and against the row's statement, ``gemischt`` does both,
    ``anderes`` tells of something the numbers do not measure.
    """

    stance: Stance
    reason: Annotated[str, Field(min_length=1, max_length=600)]


class JointRow(Strict):
    """One row of the joint display: a claim or a SONI field, its codes and its readings.

    ``indicator`` names a social indicator to stand beside a SONI field. ``readings`` are given by
    model area, or for all of them under ``alle``.
    """

    claim: Annotated[int, Field(ge=1, le=7)] | None = None
    soni: Literal["Sozialstruktur", "Organisation", "Netzwerk", "Individuum"] | None = None
    indicator: Slug | None = None
    codes: Annotated[tuple[CodePath, ...], Field(min_length=1)]
    readings: Mapping[AreaId, Voice] = {}

    @model_validator(mode="after")
    def _one_subject(self) -> JointRow:
        if (self.claim is None) == (self.soni is None):
            raise ValueError("a row stands for a claim (1 to 7) or for a SONI field; give one")
        if self.indicator and self.claim is not None:
            raise ValueError("indicator: only a SONI field takes one; a claim has its own figures")
        return self

    def reading(self, area: str) -> Voice | None:
        """Return the reading for an area, else the one for all, else None."""
        return self.readings.get(area) or self.readings.get(EVERYWHERE)


class Codings(Strict):
    """The qualitative part of a study.

    ``dimensions`` and ``soni`` map a name to the codes (paths from the top, with all codes below
    them) that belong to it. ``min_speakers`` is how many people must have spoken in whatever a
    page tells apart; ``disclosure.threshold`` where it is higher. ``coreq`` answers the items of
    the reporting checklist by number.
    """

    dimensions: Mapping[str, tuple[CodePath, ...]] = {}
    soni: Mapping[
        Literal["Sozialstruktur", "Organisation", "Netzwerk", "Individuum"], tuple[CodePath, ...]
    ] = {}
    min_speakers: Annotated[int, Field(ge=2, le=100)] = 3
    overlap: Annotated[float, Field(gt=0, le=1)] = 0.5
    joint: tuple[JointRow, ...] = ()
    coreq: Mapping[Annotated[int, Field(ge=1, le=32)], str] = {}
