"""Nobody is asked in this dialect: that is said, wherever it is tried."""

import pytest

from translators import can_translate, registry, translate_reply, translate_request
from translators.conversation import Conversation
from translators.dialect import Target
from translators.dialects.openai_completions import DIALECT
from translators.errors import NotYet

BODY = b'{"model":"m","prompt":"hello"}'


def test_its_clients_are_served_by_every_dialect_that_is_translated_into() -> None:
    for name in ("anthropic", "openai_chat"):
        assert can_translate("openai_completions", name)
        assert translate_request(BODY, "openai_completions", name).body


@pytest.mark.parametrize("name", ["anthropic", "openai_chat"])
def test_no_other_client_is_served_in_it(name: str) -> None:
    assert not can_translate(name, "openai_completions")
    with pytest.raises(NotYet):
        translate_request(b'{"model":"m","max_tokens":5,"messages":[]}', name, "openai_completions")
    with pytest.raises(NotYet):
        translate_reply(b"{}", "openai_completions", name)


def test_its_upstream_side_refuses() -> None:
    with pytest.raises(NotYet):
        DIALECT.encode_request(Conversation("m", ()), Target("m"))
    with pytest.raises(NotYet):
        DIALECT.stream_decoder()


def test_it_is_registered() -> None:
    assert registry.dialect("openai_completions") is DIALECT
