"""Which tool result answers which call.

OpenAI wants every call answered exactly once, chat directly behind the message that calls; other dialects
are freer, and clients freer still.
"""

from collections.abc import Sequence

from msgspec import Struct

from translators.conversation import Loss, Message, Role, ToolCall, ToolResult
from translators.waiting import Waiting


class Paired(Struct):
    """A call, and its result where there is one; where in the conversation the two stand: message and part."""

    call: ToolCall
    call_at: tuple[int, int]
    result: ToolResult | None = None
    result_at: tuple[int, int] = (0, 0)

    @property
    def path(self) -> str:
        """Of the result; of the call where there is none."""
        return _path(*(self.call_at if self.result is None else self.result_at))


class Pairs(Struct):
    """`calls`: message -> its calls, in order. `orphans`: (message, part) of results that answer no call."""

    calls: dict[int, list[Paired]]
    orphans: set[tuple[int, int]]


def pair(messages: Sequence[Message], losses: list[Loss]) -> Pairs:
    """One walk over all parts. Ids may be used again in a later round: a result answers the latest call before it.

    Of several results for one call the last content counts, at the place of the first.
    """
    pairs = Pairs({}, set())
    latest: dict[str, Paired] = {}
    waiting: Waiting[Paired] = Waiting(lambda paired: paired.result is not None)
    for index, message in enumerate(messages):
        for number, part in enumerate(message.parts):
            if type(part) is ToolCall and message.role is Role.ASSISTANT:
                paired = Paired(part, (index, number))
                latest[part.id] = paired
                pairs.calls.setdefault(index, []).append(paired)
                waiting.add(part.name, paired)
            elif type(part) is ToolResult:
                answered = latest.get(part.call_id) if part.call_id else waiting.oldest(part.name)
                if answered is None:
                    pairs.orphans.add((index, number))
                    losses.append(Loss(_path(index, number), "a result without its call: sent as user text"))
                    continue
                if answered.result is not None:
                    losses.append(Loss(_path(index, number), "a second result for one call: it replaces the first"))
                answered.result, answered.result_at = part, (index, number)
    return pairs


def _path(index: int, number: int) -> str:
    return f"$.messages[{index}].parts[{number}]"
