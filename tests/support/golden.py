"""Golden files: what must come out of a fixture, one value a line, reviewed like code when it changes.

`GOLDEN=write pytest` rewrites them.
"""

import os
from collections.abc import Iterable
from pathlib import Path


def check(fixture: Path, values: Iterable[object]) -> None:
    """Holds the values against `<fixture>.golden`, beside it."""
    path = fixture.with_suffix(".golden")
    text = "".join(f"{value!r}\n" for value in values)
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    assert path.exists(), f"no {path.name}: run with GOLDEN=write, and read what it wrote"
    assert text.splitlines() == path.read_text().splitlines()
