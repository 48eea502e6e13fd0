"""Mistakes in config.yaml, in words that name the place and the cure, and never show a value."""

import difflib
from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic_core import ErrorDetails

from addons.settings.keys import Problem

_EXPECTED: Final[Mapping[str, str]] = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "secret_type": "text",
    "tuple_type": "a list (lines that begin with `- `)",
    "model_type": "a group of keys",
    "model_attributes_type": "a group of keys",
    "dict_type": "a group of keys",
    "mapping_type": "a group of keys",
    "float_type": "a number",
}
_MISSING: Final[Mapping[str, str]] = {
    "base-url": "is missing: write the provider's address, such as https://api.example.com/v1",
    "name": "is missing: give it a name",
    "api-key": "is missing: put the key there, or remove the entry",
}
_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def of_value(error: ErrorDetails, path: str) -> Problem:
    """A complaint of the models in our words."""
    kind = error["type"]
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind == "value_error":
        return Problem(path, str(context["error"]))
    if kind == "missing":
        return Problem(path, _MISSING.get(str(error["loc"][-1]), "is missing"))
    if kind == "too_short":
        return Problem(path, "is empty: write at least one entry")
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return Problem(path, f"must be {words} {context[name]}")
    if kind == "literal_error":
        return Problem(path, _choice(str(context["expected"]), error["input"]))
    expected = _EXPECTED.get(kind)
    if expected is None:
        return Problem(path, error["msg"])
    return Problem(path, f"must be {expected}, not {_kind(error['input'])}{_cure(expected, error['input'])}")


def of_syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """Broken YAML: where, and what is wrong there."""
    mark = error.problem_mark or error.context_mark
    what = error.problem or error.context or "is not valid YAML"
    if mark is None:
        return Problem("", what)
    lines = text.split("\n")
    at_tab = mark.line < len(lines) and "\t" in lines[mark.line][: mark.column + 1]
    cure = " (indent with spaces, not with tabs)" if at_tab else ""
    return Problem(f"line {mark.line + 1}, column {mark.column + 1}", f"{what}{cure}")


def _choice(expected: str, given: object) -> str:
    """Pydantic's list "'a', 'b' or 'c'", and which of them was meant."""
    words = expected.split("'")[1::2]
    meant = difflib.get_close_matches(str(given).lower().replace("_", "-"), words, n=1)
    return f"must be one of {', '.join(words)}" + (f": {meant[0]} was probably meant" if meant else "")


def _kind(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case _:
            return "a group of keys"


def _cure(expected: str, value: object) -> str:
    if value is None:
        return ": give it a value, or remove the line"
    if expected == "text" and not isinstance(value, list | tuple | dict):
        return ": put it in quotes"
    if isinstance(value, str) and (value.strip().isdecimal() or value.strip().lower() in ("true", "false")):
        return ": write it without quotes"
    return ""
