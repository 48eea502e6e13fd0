"""The small bodies, as Google's own SDK reads them."""

import json

from google.genai import types

from translators.dialect import ModelInfo
from translators.dialects.gemini.lists import count_reply, model_list, one_model
from translators.thinking import ThinkingRange

KNOWN = ModelInfo(
    id="gemini-2.5-pro",
    owner="gemini",
    display_name="Gemini 2.5 Pro",
    max_input_tokens=1048576,
    max_output_tokens=65536,
    thinking=ThinkingRange(128, 32768),
)


def test_a_count_is_googles() -> None:
    assert json.loads(count_reply(7)) == {"totalTokens": 7}


def test_a_model_is_named_as_a_resource() -> None:
    assert json.loads(one_model(KNOWN)) == {
        "name": "models/gemini-2.5-pro",
        "version": "2.5",
        "displayName": "Gemini 2.5 Pro",
        "inputTokenLimit": 1048576,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "thinking": True,
    }


def test_what_nobody_knows_is_not_said() -> None:
    assert json.loads(one_model(ModelInfo("work/fast", "gemini", thinking=ThinkingRange()))) == {
        "name": "models/work/fast",
        "version": "001",
        "displayName": "work/fast",
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def test_a_list_holds_them_all() -> None:
    listed = json.loads(model_list((KNOWN, ModelInfo("x", "y"))))
    assert [model["name"] for model in listed["models"]] == ["models/gemini-2.5-pro", "models/x"]
    assert set(listed) == {"models"}
    assert json.loads(model_list(())) == {"models": []}
    assert set(types.Model.model_fields) >= {"name", "version", "display_name", "input_token_limit"}
