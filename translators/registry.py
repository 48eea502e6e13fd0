"""Finds the dialects: every folder of `translators/dialects` that has a DIALECT."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from translators import dialects
from translators.dialect import Dialect


@cache
def all_dialects() -> Mapping[str, Dialect]:
    """Name -> dialect, in the order of their names."""
    found: dict[str, Dialect] = {}
    for module in sorted(pkgutil.iter_modules(dialects.__path__), key=lambda module: module.name):
        dialect = importlib.import_module(f"{dialects.__name__}.{module.name}").DIALECT
        found[dialect.name] = dialect
    return found


def dialect(name: str) -> Dialect:
    """The dialect of that name. Raises KeyError: a name is ours, never a client's."""
    return all_dialects()[name]
