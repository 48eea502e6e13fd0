"""What is known of Google's models by their names, where nobody says more.

Source: ai.google.dev/gemini-api/docs/models and /thinking, read in November 2026.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from translators.thinking import ThinkingRange

_VERSION: Final = re.compile(r"gemini-(\d+)(?:\.(\d+))?(?:-|$)")
_LATEST: Final = re.compile(r"gemini-(?:pro|flash|flash-lite)-latest")
NEWEST: Final = (3, 5)


class Model(Struct, frozen=True):
    """`version`: None where the name tells none."""

    version: tuple[int, int] | None = None
    is_pro: bool = False
    is_lite: bool = False

    @property
    def is_third(self) -> bool:
        """Whether it is of the third generation or a later one: it thinks in levels, signs its calls, gives JSON where
        there are tools, and takes media in a function's response."""
        return self.version is not None and self.version >= (3, 0)

    @property
    def thinking(self) -> ThinkingRange | None:
        """What it can do of it; None where nobody knows."""
        if self.version is None:
            return None
        if self.is_third:
            levels = ("low", "medium", "high") if self.is_pro else ("minimal", "low", "medium", "high")
            return ThinkingRange(dynamic_allowed=True, levels=levels)
        if self.version < (2, 5):
            return ThinkingRange()
        if self.is_pro:
            return ThinkingRange(128, 32_768, dynamic_allowed=True)
        return ThinkingRange(512 if self.is_lite else 1, 24_576, zero_allowed=True, dynamic_allowed=True)


@lru_cache(maxsize=256)
def model_of(name: str) -> Model:
    """By its name, a path before it or not."""
    own = name.rpartition("/")[2].lower()
    is_pro, is_lite = "-pro" in own, "-lite" in own
    if _LATEST.match(own):
        return Model(NEWEST, is_pro, is_lite)
    found = _VERSION.match(own)
    return Model((int(found[1]), int(found[2] or 0)) if found else None, is_pro, is_lite)
