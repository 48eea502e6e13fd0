"""Model lists, token counts and routes."""

import json

from translators.dialect import ModelInfo, Operation
from translators.dialects.openai_responses import DIALECT

MODEL = ModelInfo("gpt-asked", "codex", 7)


def test_the_list_is_openais() -> None:
    said = json.loads(DIALECT.model_list((MODEL,)))
    one = {"id": "gpt-asked", "object": "model", "created": 7, "owned_by": "codex"}
    assert (said["object"], said["data"]) == ("list", [one])
    assert json.loads(DIALECT.one_model(MODEL)) == one


def test_codex_finds_no_model_that_would_replace_its_own() -> None:
    assert json.loads(DIALECT.model_list((MODEL,)))["models"] == []


def test_a_count_is_that_of_responses() -> None:
    assert json.loads(DIALECT.count_reply(7)) == {"object": "response.input_tokens", "input_tokens": 7}


def test_clients_of_openai_and_of_chatgpt_find_their_paths() -> None:
    routes = {(route.method, route.path): route.operation for route in DIALECT.routes}
    for root in ("/v1", "/backend-api/codex"):
        assert routes["POST", f"{root}/responses"] is Operation.GENERATE
        assert routes["POST", f"{root}/responses/compact"] is Operation.COMPACT
        assert routes["GET", f"{root}/responses"] is Operation.UPGRADE
    assert routes["POST", "/v1/responses/input_tokens"] is Operation.COUNT_TOKENS
