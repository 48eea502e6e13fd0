"""Counts of tokens as Vertex takes them."""

import json
from typing import Any

import pytest

from tests.vendors import gemini_rules as rules
from tests.vendors.rules import Asked
from tests.vendors.server import Request
from translators.dialect import Operation, Target
from translators.envelopes.vertex import duties
from translators.errors import BadRequest

COUNT = Target("gemini-2.5-flash", operation=Operation.COUNT_TOKENS)
CONTENTS = [{"role": "user", "parts": [{"text": "hi"}]}]
SYSTEM = {"parts": [{"text": "Be kind."}]}


def sent(**body: Any) -> tuple[Any, list[str]]:
    """What goes out, which Vertex takes; and the paths of what was lost."""
    got, losses = duties(json.dumps(body).encode(), COUNT)
    path = f"/v1/publishers/google/models/{COUNT.model}:countTokens"
    rules.RULES.apply(Asked(Request("POST", path, {}, {}, got, 0, 0.0), json.loads(got)))
    return json.loads(got), [loss.path for loss in losses]


@pytest.mark.parametrize("name", ["generateContentRequest", "generate_content_request"])
def test_a_whole_request_is_counted_field_by_field(name: str) -> None:
    fields = {"contents": CONTENTS, "systemInstruction": SYSTEM, "tools": [{"googleSearch": {}}]}
    config = {"generationConfig": {"thinkingConfig": {"thinkingBudget": 512}}}
    assert sent(**{name: {"model": "models/x", **fields, **config}}) == ({**fields, **config}, [])


def test_what_vertex_does_not_count_is_lost() -> None:
    whole = {"model": "models/x", "contents": CONTENTS, "cachedContent": "c", "safetySettings": []}
    lost = ["$.generateContentRequest.cachedContent", "$.generateContentRequest.safetySettings"]
    assert sent(generateContentRequest=whole) == ({"contents": CONTENTS}, lost)


def test_a_request_that_vertex_knows_keeps_its_bytes() -> None:
    body = b'{ "contents": [{"role":"user", "parts":[{"text":"hi"}]}], "systemInstruction": {"parts":[]} }'
    assert duties(body, COUNT) == (body, ())


def test_what_is_to_be_answered_is_not_touched() -> None:
    body = b'{"generateContentRequest" : 1}'
    assert duties(body, Target("m")) == (body, ())


@pytest.mark.parametrize("body", [b'{"generateContentRequest": 7}', b"[]"])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        duties(body, COUNT)
