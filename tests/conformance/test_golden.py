"""The project's own recordings, event by event."""

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.material import DIALECTS, ROOT
from tests.support import golden
from translators.registry import dialect


def streams() -> list[Any]:
    return [
        pytest.param(name, path, id=f"{name}-{path.stem}")
        for name in DIALECTS
        for path in sorted((ROOT / "tests" / "fixtures" / name).glob("*.sse"))
    ]


@pytest.mark.parametrize(("name", "path"), streams())
def test_events_match_the_golden_file(name: str, path: Path) -> None:
    decoder = dialect(name).stream_decoder()
    golden.check(path, decoder.feed(path.read_bytes()) + decoder.close())


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_has_recordings_in_the_project(name: str) -> None:
    assert list((ROOT / "tests" / "fixtures" / name).glob("*.sse"))
