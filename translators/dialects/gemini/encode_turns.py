"""The order that Google asks of a conversation, made out of any order.

Neighbours of one role are one turn, and the user begins and ends. Calls stand at the end of the model's turn; the
user's next turn begins with a response to each of them, in their order. A signature goes back beside what followed the
thinking that it proves: the next text or call, else a part of its own.
"""

from typing import Final

from msgspec import Struct, field

from translators.beside import reminder
from translators.conversation import Conversation, Loss, Message, Part, Role, Thinking, ToolCall, ToolResult
from translators.dialect import Target
from translators.dialects.gemini import request_wire as wire
from translators.dialects.gemini.encode_parts import call_part, response_part, said
from translators.dialects.gemini.models import Model
from translators.dialects.gemini.words import NAME, SKIP_SIGNATURE
from translators.names import Names
from translators.place import Place
from translators.waiting import Waiting

FILLER: Final = "Continue."
PLACE: Final = "$.messages[%d].parts[%d]"
USER: Final = "user"
MODEL: Final = "model"


class _Call(Struct, eq=False):
    place: Place
    part: ToolCall
    name: str
    result: ToolResult | None = None
    result_place: Place | None = None


class _Turn(Struct, eq=False):
    """`words`: all but calls and results."""

    role: Role
    words: list[wire.RequestPart] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)
    called: list[wire.RequestPart] = field(default_factory=list)


class TurnWriter:
    """write(conversation): its contents, with the losses put into the list that was handed over."""

    def __init__(self, names: Names, model: Model, target: Target, losses: list[Loss]) -> None:
        self._names = names
        self._model = model
        self._keeps_thinking = target.keeps_thinking
        self._losses = losses
        self._turns: list[_Turn] = []
        self._latest: dict[str, _Call] = {}
        self._waiting: Waiting[_Call] = Waiting(lambda call: call.result is not None)
        self._signature: str | None = None

    def write(self, conversation: Conversation) -> list[wire.RequestContent]:
        """All turns. Empty where the conversation says nothing."""
        for index, message in enumerate(conversation.messages):
            self._message(message, index)
        contents = self._contents()
        if contents and contents[0].role == MODEL:
            self._losses.append(Loss("$.messages", "it does not begin with the user: a first word was added"))
            contents.insert(0, wire.RequestContent(USER, [wire.RequestPart(FILLER)]))
        if contents and contents[-1].role == MODEL:
            self._losses.append(Loss("$.messages", "the model can't go on with an answer: a last word was added"))
            contents.append(wire.RequestContent(USER, [wire.RequestPart(FILLER)]))
        if self._model.is_third:
            _sign_calls(contents)
        return contents

    def _message(self, message: Message, number: int) -> None:
        role = message.role
        if message.name:
            self._losses.append(Loss(f"$.messages[{number}].name", "a speaker's name"))
        for index, part in enumerate(message.parts):
            place = Place(PLACE, number, index)
            if type(part) is ToolResult:
                self._result(part, place)
            elif role is Role.SYSTEM:
                self._remind(part, place)
            elif role is Role.USER:
                self._say(Role.USER, part, place)
            elif type(part) is ToolCall:
                self._call(part, place)
            elif type(part) is Thinking:
                self._thought(part, place)
            else:
                self._say(Role.ASSISTANT, part, place)
        if role is Role.ASSISTANT:
            self._flush()

    def _turn(self, role: Role) -> _Turn:
        if not self._turns or self._turns[-1].role is not role:
            self._turns.append(_Turn(role))
        return self._turns[-1]

    def _say(self, role: Role, part: Part, place: Place) -> None:
        made = said(part, place, self._losses)
        if made is None:
            return
        if role is Role.ASSISTANT:
            made.thought_signature, self._signature = self._signature, None
        self._turn(role).words.append(made)

    def _remind(self, part: Part, place: Place) -> None:
        text = reminder(part, str(place), self._losses)
        if text is not None:
            self._say(Role.USER, text, place)

    def _thought(self, part: Thinking, place: Place) -> None:
        """Signed elsewhere, it would be refused; unsigned, only some compatibles want it."""
        own = part.signature if part.signer == NAME else None
        if own:
            self._flush()
        if part.text and (own or (self._keeps_thinking and not part.redacted)):
            self._turn(Role.ASSISTANT).words.append(wire.RequestPart(part.text, thought=True))
        elif not own and (part.text or part.signature):
            self._losses.append(Loss(str(place), f"thinking that {part.signer or 'nobody'} signed"))
        if own:
            self._signature = own

    def _flush(self) -> None:
        """A signature with nothing behind it stands alone."""
        if self._signature is not None:
            self._turn(Role.ASSISTANT).words.append(wire.RequestPart("", thought_signature=self._signature))
            self._signature = None

    def _call(self, part: ToolCall, place: Place) -> None:
        """An id that comes again means the later call from then on."""
        turn = self._turn(Role.ASSISTANT)
        name = self._names.upstream(part.name)
        made = call_part(part, part.id, name, place, self._losses)
        made.thought_signature, self._signature = self._signature, None
        call = _Call(place, part, name)
        turn.calls.append(call)
        turn.called.append(made)
        self._latest[part.id] = call
        self._waiting.add(part.name, call)

    def _result(self, part: ToolResult, place: Place) -> None:
        turn = self._turn(Role.USER)
        call = self._latest.get(part.call_id) if part.call_id else self._waiting.oldest(part.name)
        if call is None:
            reason = f"a result without its call {part.call_id!r}: sent as plain words"
            self._losses.append(Loss(str(place), reason))
            for index, piece in enumerate(part.parts):
                made = said(piece, f"{place}.parts[{index}]", self._losses)
                turn.words += [made] if made is not None else []
            return
        if call.result is not None:
            self._losses.append(Loss(str(call.result_place), f"an earlier result of the call {part.call_id!r}"))
        call.result, call.result_place = part, place

    def _contents(self) -> list[wire.RequestContent]:
        """A turn that turned out empty is left out, and its neighbours are one."""
        contents: list[wire.RequestContent] = []
        responses: list[wire.RequestPart] = []
        for turn in self._turns:
            if turn.role is Role.USER:
                _append(contents, USER, responses + turn.words)
                responses = []
            else:
                if responses:  # Results came nowhere: they still stand behind their calls.
                    _append(contents, USER, responses)
                _append(contents, MODEL, turn.words + turn.called)
                responses = self._responses(turn.calls)
        _append(contents, USER, responses)
        return contents

    def _responses(self, calls: list[_Call]) -> list[wire.RequestPart]:
        responses: list[wire.RequestPart] = []
        attached: list[wire.RequestPart] = []
        for call in calls:
            if call.result is None:
                self._losses.append(Loss(str(call.place), "a call without a result: one that says so was added"))
            part, beside = response_part(
                call.result,
                call.part.id,
                call.name,
                call.result_place,
                self._losses,
                holds_media=self._model.is_third,
            )
            responses.append(part)
            attached += beside
        return responses + attached


def _append(contents: list[wire.RequestContent], role: str, parts: list[wire.RequestPart]) -> None:
    if not parts:
        return
    last = contents[-1] if contents else None
    if last is not None and last.role == role and last.parts is not None:
        last.parts += parts
    else:
        contents.append(wire.RequestContent(role, parts))


def _sign_calls(contents: list[wire.RequestContent]) -> None:
    """The first call of each step of the turn that is going on must be signed."""
    for content in reversed(contents):
        parts = content.parts or ()
        if content.role == USER:
            if not any(part.function_response is not None for part in parts):
                return
            continue
        first = next((part for part in parts if part.function_call is not None), None)
        if first is not None and first.thought_signature is None:
            first.thought_signature = SKIP_SIGNATURE
