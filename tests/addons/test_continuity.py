"""Thoughts go back to the vendor that signed them, with the calls that they led to."""

import msgspec
import pytest

from addons.continuity import ENTRY_BYTES, Continuity
from translators.conversation import Conversation, Message, Part, Reply, Role, Text, Thinking, ToolCall, ToolResult
from translators.dialect import Context
from translators.events import StopReason
from translators.registry import dialect

CHAT = dialect("openai_chat")
CONTEXT = Context(reply_id="abc")
SIGNED = Thinking("It rains.", "c2ln", "anthropic")
UNSIGNED = Thinking("It rains.")


def reply(*parts: Part) -> Reply:
    return Reply("id", "m", parts, StopReason.TOOL_USE)


def call(call_id: str) -> ToolCall:
    return ToolCall(call_id, "weather", "{}")


def history(*parts: Part) -> Conversation:
    asked, told = Message(Role.USER, (Text("?"),)), Message(Role.USER, (ToolResult("call_1", (Text("rain"),)),))
    return Conversation("m", (asked, Message(Role.ASSISTANT, parts), told))


def put_back(memory: Continuity, *parts: Part, client: str = "me", signer: str = "anthropic") -> tuple[Part, ...]:
    return memory.put_back(client, history(*parts), signer).messages[1].parts


@pytest.fixture
def memory() -> Continuity:
    kept = Continuity()
    kept.keep("me", CHAT, CONTEXT, reply(SIGNED, call("call_1")))
    return kept


def test_a_signed_thought_stands_before_its_call_again(memory: Continuity) -> None:
    assert put_back(memory, call("call_1")) == (SIGNED, call("call_1"))


def test_the_clients_own_copy_of_it_goes(memory: Continuity) -> None:
    assert put_back(memory, UNSIGNED, Text("Look:"), call("call_1")) == (Text("Look:"), SIGNED, call("call_1"))


def test_it_goes_to_its_signer_and_for_its_client_only(memory: Continuity) -> None:
    assert put_back(memory, call("call_1"), signer="gemini") == (call("call_1"),)
    assert put_back(memory, call("call_1"), client="other") == (call("call_1"),)
    assert put_back(memory, call("call_2")) == (call("call_2"),)


def test_a_conversation_without_any_is_the_same_object(memory: Continuity) -> None:
    conversation = history(call("call_2"))
    assert memory.put_back("me", conversation, "anthropic") is conversation
    assert Continuity().put_back("me", history(call("call_1")), "anthropic").messages[1].parts == (call("call_1"),)


def test_each_call_keeps_the_thoughts_that_led_to_it() -> None:
    memory = Continuity()
    second = Thinking("", "c2Vj", "anthropic", redacted=True)
    said = (SIGNED, Text("Look:"), call("call_1"), second, call("call_2"))
    memory.keep("me", CHAT, CONTEXT, reply(*said))
    assert put_back(memory, Text("Look:"), call("call_1"), call("call_2")) == said
    assert put_back(memory, call("call_2")) == (second, call("call_2"))


def test_a_call_without_an_id_is_found_by_the_clients(memory: Continuity) -> None:
    memory.keep("me", CHAT, CONTEXT, reply(call("x"), SIGNED, call("")))
    assert put_back(memory, call(CHAT.call_id("", CONTEXT, 2))) == (SIGNED, call("call_abc2"))


def test_what_needs_no_place_is_not_kept(memory: Continuity) -> None:
    memory.keep("me", CHAT, CONTEXT, reply(UNSIGNED, call("call_3")))
    memory.keep("me", CHAT, CONTEXT, reply(msgspec.structs.replace(SIGNED, signer=CHAT.name), call("call_4")))
    memory.keep("me", CHAT, CONTEXT, reply(SIGNED, Text("done")))
    assert put_back(memory, call("call_3")) == (call("call_3"),)
    assert put_back(memory, call("call_4"), signer=CHAT.name) == (call("call_4"),)


def test_the_oldest_are_forgotten_and_the_used_are_not() -> None:
    memory = Continuity(max_bytes=3 * (ENTRY_BYTES + 20))
    for number in range(3):
        memory.keep("me", CHAT, CONTEXT, reply(SIGNED, call(f"call_{number}")))
    put_back(memory, call("call_0"))
    memory.keep("me", CHAT, CONTEXT, reply(SIGNED, call("call_3")))
    left = [number for number in range(4) if len(put_back(memory, call(f"call_{number}"))) == 2]
    assert left == [0, 2, 3]


def test_a_turn_that_is_too_large_leaves_the_others() -> None:
    memory = Continuity(max_bytes=1000)
    memory.keep("me", CHAT, CONTEXT, reply(SIGNED, call("call_1")))
    memory.keep("me", CHAT, CONTEXT, reply(Thinking("x" * 2000, "c2ln", "anthropic"), call("call_2")))
    assert put_back(memory, call("call_2")) == (call("call_2"),)
    assert put_back(memory, call("call_1")) == (SIGNED, call("call_1"))
