"""What a row of the catalogue says."""

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from translators.thinking import ThinkingRange

NO_THINKING: Final = ThinkingRange()


class ModelFacts(Struct, frozen=True):
    """A vendor's model. None, 0 or () where nobody says.

    `id`: as the vendor lists it. `created_s`: its release, Unix seconds. `max_input_tokens`: what a request may hold;
    the whole context window where the vendor names no other number. `thinking`: NO_THINKING where nothing can be asked
    of it. `source`: where the row is from. `listed`: offered to everybody and still recommended; others are known, and
    reached by name, but stand in no list.
    """

    id: str
    display_name: str
    owner: str
    created_s: int
    source: str
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    thinking: ThinkingRange | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ("text",)
    listed: bool = True


def released(day: str) -> int:
    """Unix seconds of a day written like 2026-11-09."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
