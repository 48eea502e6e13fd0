"""Where the recorded fixtures are: our own, and those beside the project, which may be absent."""

from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
OURS: Final = ROOT / "tests" / "fixtures"
BESIDE: Final = ROOT.parent / "shared" / "fixtures"
WIRE: Final = BESIDE / "wire"
CLIENTS: Final = BESIDE / "clients"


def files(folder: Path, pattern: str) -> list[Path]:
    """Those of a pattern. A name has as many dots as its pattern: `*.json` is a reply, `*.request.json` a request."""
    return [path for path in sorted(folder.glob(pattern)) if path.name.count(".") == pattern.count(".")]


def recorded(dialect: str, pattern: str) -> list[Any]:
    """What was recorded of a dialect, as test parameters; where there is nothing, one that is skipped."""
    paths = files(WIRE / dialect, pattern)
    if not paths:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no {pattern} in {dialect}"))]
    return [pytest.param(path, id=path.name) for path in paths]
