"""Refusals in OpenAI's words."""

from tests.vendors.rules import Refusal
from tests.vendors.shape import Flaw, Misshapen, Path


def _place(at: Path) -> str:
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)
    return words.removeprefix(".")


def worded(flaw: Misshapen) -> Refusal:
    """As the API says it."""
    place = _place(flaw.at)
    match flaw.flaw:
        case Flaw.MISSING:
            return Refusal(f"Missing required parameter: '{place}'.", param=place, code="missing_required_parameter")
        case Flaw.UNKNOWN:
            return Refusal(f"Unknown parameter: '{place}'.", param=place, code="unknown_parameter")
        case Flaw.TYPE:
            return Refusal(f"Invalid type for '{place}': expected {flaw.expected}.", param=place, code="invalid_type")
        case Flaw.VALUE:
            return Refusal(f"Invalid value. Supported values are: {flaw.expected}.", param=place, code="invalid_value")


def too_long(place: str, limit: int, found: int) -> Refusal:
    return Refusal(
        f"Invalid '{place}': array too long. Expected an array with maximum length {limit}, but got an array with "
        f"length {found} instead.",
        param=place,
        code="array_above_max_length",
    )


def string_too_long(place: str, limit: int, found: int) -> Refusal:
    return Refusal(
        f"Invalid '{place}': string too long. Expected a string with maximum length {limit}, but got a string with "
        f"length {found} instead.",
        param=place,
        code="string_above_max_length",
    )
