"""Where a part of a conversation stands."""

from msgspec import Struct


class Place(Struct, frozen=True, gc=False):
    """`str(place)` is its path, `$.messages[2].parts[0]`. It is written only where somebody must hear of it: every part
    has one, and hardly any needs it. `messages`: what a body calls them, `$.messages`."""

    messages: str
    message: int
    part: int

    def __str__(self) -> str:
        return f"{self.messages}[{self.message}].parts[{self.part}]"
