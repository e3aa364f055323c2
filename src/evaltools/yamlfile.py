"""YAML files read without surprises: typed by a model, errors with their line.

Scalars reach the model as text, so that ``012`` and ``1:30`` stay what was written and the
model alone decides on types: no tag is resolved and no object is built. Duplicate keys, aliases,
tags and unknown keys are errors.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from evaltools.errors import StudyError, unknown

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]
MAX_BYTES = 1_000_000
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


class Strict(BaseModel):
    """Base of all models read from YAML: frozen; unknown keys and infinite numbers are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def load(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into a pydantic model.

    Parameters
    ----------
    path : Path
        The file; UTF-8, at most 1 MB.
    model : type of BaseModel
        The model that types it.

    Returns
    -------
    BaseModel
        An instance of `model`.

    Raises
    ------
    StudyError
        When the file is missing, is not YAML, or does not fit the model. All findings are in
        the message, each with file name and line.
    """
    return loads(text(path), model, name=path.name)


def text(path: Path) -> str:
    """Read a file of text, UTF-8 and at most 1 MB, or raise StudyError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise StudyError(
                f"{path.name} has more than {MAX_BYTES} bytes; at most these are read, shorten it"
            )
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise StudyError(
            f"{path.name}: cannot be read ({error.strerror}); check the path"
        ) from None
    except UnicodeDecodeError:
        raise StudyError(f"{path.name}: is not UTF-8; save it as UTF-8") from None


def loads(text: str, model: type[Model], *, name: str) -> Model:
    """Read YAML text into a pydantic model; as :func:`load`, for text already in memory."""
    try:
        # Composing makes nodes, never objects; BaseLoader leaves every scalar the text it is.
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise StudyError(f"{name}{line}: not valid YAML: {error.problem}") from None
    except RecursionError:
        raise StudyError(f"{name}: is nested too deeply to be read") from None
    except yaml.YAMLError:
        raise StudyError(f"{name}: not valid YAML (a character it may not hold)") from None
    lines: dict[Location, int] = {}
    try:
        plain = _plain(root, (), lines) if root is not None else {}
    except _NodeError as error:
        raise StudyError(f"{name}, line {error.line}: {error}") from None
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        found = [_finding(item, model, lines, name) for item in error.errors()]
        raise StudyError("\n".join(dict.fromkeys(found))) from None


class _NodeError(Exception):
    def __init__(self, message: str, node: yaml.Node) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1


def _plain(node: yaml.Node, where: Location, lines: dict[Location, int]) -> Any:
    """Turn a node into dicts, lists and text, noting the line of each place."""
    _refuse_unplain(node, lines)
    lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, where, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*where, i), lines) for i, child in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and node.style is None and node.value in NULLS:
        return None
    return node.value


def _mapping(node: yaml.MappingNode, where: Location, lines: dict[Location, int]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _NodeError("a key must be plain text", key_node)
        _refuse_unplain(key_node, lines)
        key = key_node.value
        if key in result:
            raise _NodeError(f"key {key!r} is given twice; keep one", key_node)
        result[key] = _plain(value_node, (*where, key), lines)
        lines[(*where, key)] = key_node.start_mark.line + 1
    return result


def _refuse_unplain(node: yaml.Node, lines: dict[Location, int]) -> None:
    """Refuse tags (they name a type), nodes met before (aliases) and control characters."""
    if node.tag not in PLAIN_TAGS:
        raise _NodeError("a tag (!name) is used; write the plain value", node)
    if isinstance(node, yaml.ScalarNode) and CONTROL.search(node.value):
        raise _NodeError("a text holds a control character; leave it out", node)
    marker: Location = ("\0node", id(node))
    if marker in lines:
        raise _NodeError("an alias (*name) is used; write the values out", node)
    lines[marker] = node.start_mark.line + 1


def _finding(item: Any, model: type[BaseModel], lines: dict[Location, int], name: str) -> str:
    where: Location = tuple(item["loc"])
    known = where
    while known and known not in lines:
        known = known[:-1]
    line = lines.get(known, 1)
    label = ".".join(str(part) for part in where)
    if item["type"] == "extra_forbidden":
        message = unknown("key", str(where[-1]), _siblings(model, where))
    elif item["type"] == "missing":
        message = f"{label}: is missing"
    else:
        text = str(item["msg"]).removeprefix("Value error, ")
        given = item["input"]
        shown = f" (given: {given!r})" if isinstance(given, str) and len(given) < 80 else ""
        message = f"{label}: {text}{shown}" if label else f"{text}{shown}"
    return f"{name}, line {line}: {message}"


def _siblings(model: type[BaseModel], where: Location) -> list[str]:
    """Return the keys permitted where an unknown key stands."""
    current: Any = model
    for part in where[:-1]:
        if isinstance(part, int):
            continue
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            continue
        field = current.model_fields.get(part)
        current = _model_in(field.annotation) if field else None
    if isinstance(current, type) and issubclass(current, BaseModel):
        return list(current.model_fields)
    return []


def _model_in(annotation: Any) -> Any:
    """Find the pydantic model inside an annotation such as ``tuple[Outcome, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
