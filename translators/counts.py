"""Token counts that add up."""


def within(part: int | None, whole: int) -> int:
    """A count that is a part of another: never less than nothing, never more than its whole."""
    return min(max(part or 0, 0), whole)
