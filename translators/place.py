"""Where a part of a conversation stands."""

from msgspec import Struct


class Place(Struct, frozen=True, gc=False):
    """`str(place)` is its path, `$.messages[2].parts[0]`. It is written only where somebody must hear of it: every part
    has a place, and hardly any needs to say it. `form`: the path with a `%d` for each of the two numbers."""

    form: str
    message: int
    part: int

    def __str__(self) -> str:
        return self.form % (self.message, self.part)
