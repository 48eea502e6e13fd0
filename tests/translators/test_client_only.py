"""No upstream is asked in some dialects: whoever tries it is told."""

import pytest

from translators import registry, translate_reply, translate_request

CLIENT_ONLY = [name for name, dialect in registry.all_dialects().items() if dialect.client_only]
ASKED = b'{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}'


def test_these_are_spoken_by_clients_only() -> None:
    assert CLIENT_ONLY == ["ollama", "openai_completions"]


@pytest.mark.parametrize("name", CLIENT_ONLY)
def test_nobody_is_asked_in_it(name: str) -> None:
    with pytest.raises(NotImplementedError, match="only clients"):
        translate_request(ASKED, "anthropic", name)
    with pytest.raises(NotImplementedError, match="only clients"):
        translate_reply(b"{}", name, "anthropic")
    with pytest.raises(NotImplementedError, match="only clients"):
        registry.dialect(name).stream_decoder()
