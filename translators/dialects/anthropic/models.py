"""What a Claude model can be told, as far as its name shows.

A name that says nothing (an alias, a compatible vendor's model) is taken for a model of the middle generation: it
thinks within a budget and takes every sampling parameter. Sources: the SDK's notes on `thinking` and its request
types, which no longer have sampling parameters; the vendor's model pages.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

_FAMILY_FIRST: Final = re.compile(r"claude-(?P<family>[a-z]+)-(?P<major>\d{1,2})(?:[-.](?P<minor>\d{1,2}))?(?!\d)")
_VERSION_FIRST: Final = re.compile(
    r"claude-(?:[a-z]+-)?(?P<major>\d)(?:[-.](?P<minor>\d))?(?!\d)(?:-(?P<family>[a-z]+))?"
)
_EFFORTS: Final = ("low", "medium", "high", "max")


class Model(Struct, frozen=True):
    """`thinks` at all; `adapts`: decides by itself how much. `samples`: takes temperature, top_p and top_k;
    `samples_both`: temperature and top_p together. `formats`: structured output without a tool. `goes_on`: with an
    answer that the client began."""

    thinks: bool = True
    adapts: bool = False
    samples: bool = True
    samples_both: bool = True
    formats: bool = True
    goes_on: bool = True
    efforts: tuple[str, ...] = (*_EFFORTS[:3], "xhigh", "max")
    max_tokens: int = 32000


@lru_cache(maxsize=256)
def model_of(name: str) -> Model:
    """What the model of that name can be told."""
    match = _FAMILY_FIRST.search(name) or _VERSION_FIRST.search(name)
    if match is None:
        return Model()
    family, version = match["family"] or "", (int(match["major"]), int(match["minor"] or 0))
    large = family in ("opus", "sonnet")
    return Model(
        thinks=version >= (3, 7),
        adapts=version >= (5, 0) or (large and version >= (4, 6)),
        samples=version < (4, 7),
        samples_both=version < (4, 1),
        formats=version >= (4, 5) or (family == "opus" and version >= (4, 1)),
        goes_on=version < (4, 6),
        efforts=_EFFORTS if version < (4, 7) else (*_EFFORTS[:3], "xhigh", "max"),
        max_tokens=4096 if version < (3, 5) else 8192 if version < (3, 7) else 32000,
    )
