"""The order that Anthropic asks of a conversation, made out of any order.

Neighbours of one role are one turn; an assistant's turn is thinking, text, calls; the results of all its calls stand
at the head of the user's next turn; call ids are unique and legal; a user begins.
"""

from collections import deque
from typing import Final, Literal

from msgspec import Struct, field

from translators.beside import reminder
from translators.conversation import Conversation, Loss, Message, Role, ToolCall, ToolResult
from translators.dialects.anthropic import wire
from translators.dialects.anthropic.blocks import (
    Placed,
    assistant_blocks,
    missing_result,
    tool_result,
    tool_use,
    user_blocks,
)
from translators.names import Names, legal_id
from translators.waiting import Waiting

FILLER: Final = "Continue."
MAX_ID: Final = 64
_THINKING: Final = (wire.ThinkingBlock, wire.RedactedThinkingBlock)


class _Call(Struct, eq=False):
    """`turn`: the number of its turn."""

    turn: int
    placed: Placed
    part: ToolCall
    id: str
    result: Placed | None = None


class _Turn(Struct, eq=False):
    """`answered`: the calls in the order of their results."""

    role: Role
    parts: list[Placed] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)
    answered: list[_Call] = field(default_factory=list)


def turns_of(
    conversation: Conversation, names: Names, losses: list[Loss], *, keeps_thinking: bool, goes_on: bool
) -> list[wire.Message]:
    """The conversation in Anthropic's order. `goes_on`: whether it may end with the beginning of an answer."""
    sorter = _Sorter(losses)
    for index, message in enumerate(conversation.messages):
        sorter.take(index, message)
    messages = _messages(sorter.turns, names, keeps_thinking, losses)
    if not messages or messages[0].role != "user":
        losses.append(Loss("$.messages", "it does not begin with the user: a first word was added"))
        messages.insert(0, wire.Message("user", [wire.TextBlock(FILLER)]))
    if messages[-1].role == "assistant" and not goes_on:
        losses.append(Loss("$.messages", "the model can't go on with an answer: a last word of the user's was added"))
        messages.append(wire.Message("user", [wire.TextBlock(FILLER)]))
    _strip_prefill(messages[-1])
    return messages


def starts_thinking(message: wire.Message) -> bool:
    """Whether an assistant's turn begins with a thought."""
    return bool(message.content) and type(message.content[0]) in _THINKING


class _Sorter:
    """Puts every part into its turn and every result beside its call."""

    def __init__(self, losses: list[Loss]) -> None:
        self.turns: list[_Turn] = []
        self._losses = losses
        self._latest: dict[str, _Call] = {}
        self._unanswered: dict[str, deque[_Call]] = {}
        self._used: set[str] = set()
        self._times: dict[str, int] = {}
        self._waiting: Waiting[_Call] = Waiting(lambda call: call.result is not None)

    def take(self, number: int, message: Message) -> None:
        """One more message."""
        role = message.role
        if message.name:
            self._losses.append(Loss(f"$.messages[{number}].name", "a speaker's name"))
        for index, part in enumerate(message.parts):
            placed = Placed(number, index, part)
            if type(part) is ToolResult:
                self._result(placed, part)
            elif role is Role.SYSTEM:
                self._remind(placed)
            elif type(part) is not ToolCall:
                self._turn(role).parts.append(placed)
            elif role is Role.ASSISTANT:
                self._call(placed, part)
            else:
                self._losses.append(Loss(placed.path, "a tool call of the user's"))

    def _turn(self, role: Role) -> _Turn:
        if not self.turns or self.turns[-1].role is not role:
            self.turns.append(_Turn(role))
        return self.turns[-1]

    def _remind(self, placed: Placed) -> None:
        text = reminder(placed.part, placed.path, self._losses)
        if text is not None:
            self._turn(Role.USER).parts.append(Placed(placed.message, placed.index, text))

    def _call(self, placed: Placed, part: ToolCall) -> None:
        """An id that comes again in a later turn means the later call from then on."""
        turn = self._turn(Role.ASSISTANT)
        call = _Call(len(self.turns) - 1, placed, part, self._fresh(part.id))
        before = self._latest.get(part.id)
        if before is None or before.turn != call.turn:
            self._unanswered[part.id] = deque()
        turn.calls.append(call)
        self._latest[part.id] = call
        self._unanswered[part.id].append(call)
        self._waiting.add(part.name, call)

    def _fresh(self, call_id: str) -> str:
        self._times[call_id] = self._times.get(call_id, 0) + 1
        fresh = legal_id(call_id, MAX_ID)
        while fresh in self._used:
            fresh = legal_id(f"{call_id} {self._times[call_id]}", MAX_ID)
            self._times[call_id] += 1
        self._used.add(fresh)
        return fresh

    def _result(self, placed: Placed, part: ToolResult) -> None:
        turn = self._turn(Role.USER)
        call = self._latest.get(part.call_id) if part.call_id else self._waiting.oldest(part.name)
        if call is None:
            self._losses.append(Loss(placed.path, f"a result without its call {part.call_id!r}: sent as plain words"))
            turn.parts += placed.pieces(part.parts)
            return
        waiting = self._unanswered[call.part.id]
        if not part.call_id:
            if call in waiting:  # Not where its id came again in a later turn.
                waiting.remove(call)
            self.turns[call.turn].answered.append(call)
        elif waiting:
            call = waiting.popleft()
            self.turns[call.turn].answered.append(call)
        else:
            self._losses.append(Loss(call.placed.path, f"an earlier result of the call {call.part.id!r}"))
        call.result = placed


def _messages(turns: list[_Turn], names: Names, keeps_thinking: bool, losses: list[Loss]) -> list[wire.Message]:
    """A turn that turned out empty is left out, and its neighbours are one."""
    messages: list[wire.Message] = []
    results: list[wire.Block] = []
    for turn in turns:
        if turn.role is Role.USER:
            _append(messages, "user", results + user_blocks(turn.parts, losses))
            results = []
        else:
            blocks = assistant_blocks(turn.parts, keeps_thinking, losses)
            blocks += [
                tool_use(call.part, call.id, names.upstream(call.part.name), call.placed, losses) for call in turn.calls
            ]
            _append(messages, "assistant", blocks)
            results = _results(turn, losses)
    _append(messages, "user", results)
    return messages


def _append(messages: list[wire.Message], role: Literal["user", "assistant"], blocks: list[wire.Block]) -> None:
    if not blocks:
        return
    last = messages[-1] if messages else None
    if last is not None and last.role == role and isinstance(last.content, list):
        last.content += blocks
        last.content.sort(key=lambda block: type(block) not in _THINKING)
    else:
        messages.append(wire.Message(role, blocks))


def _results(turn: _Turn, losses: list[Loss]) -> list[wire.Block]:
    """In the order in which they came, then what stands for those that never came."""
    blocks: list[wire.Block] = [tool_result(call.result, call.id, losses) for call in turn.answered if call.result]
    for call in turn.calls:
        if call.result is None:
            losses.append(Loss(call.placed.path, "a call without a result: one that says so was added"))
            blocks.append(missing_result(call.id))
    return blocks


def _strip_prefill(last: wire.Message) -> None:
    """The beginning of an answer must not end in white space."""
    block = last.content[-1]
    if last.role == "assistant" and isinstance(block, wire.TextBlock):
        block.text = block.text.rstrip()
