"""The project's own recordings, event by event."""

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.material import UPSTREAM_DIALECTS
from tests.support import golden
from tests.support.recordings import OURS, files
from tests.support.streams import decode
from translators.registry import dialect


def streams() -> list[Any]:
    return [
        pytest.param(name, path, id=f"{name}-{path.stem}")
        for name in UPSTREAM_DIALECTS
        for path in files(OURS / name, "*.sse")
    ]


@pytest.mark.parametrize(("name", "path"), streams())
def test_events_match_the_golden_file(name: str, path: Path) -> None:
    golden.check(path, decode(dialect(name), path.read_bytes()))


@pytest.mark.parametrize("name", UPSTREAM_DIALECTS)
def test_a_dialect_has_recordings_in_the_project(name: str) -> None:
    assert files(OURS / name, "*.sse")
