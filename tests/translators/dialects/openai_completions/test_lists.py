"""The small bodies."""

import json

from translators.dialect import ModelInfo
from translators.dialects.openai_completions import DIALECT


def test_models_stand_in_openais_list() -> None:
    shown = {"id": "a", "object": "model", "created": 7, "owned_by": "sim"}
    assert json.loads(DIALECT.model_list((ModelInfo("a", "sim", 7),))) == {"object": "list", "data": [shown]}
    assert json.loads(DIALECT.one_model(ModelInfo("a", "sim", 7))) == shown


def test_a_count() -> None:
    assert json.loads(DIALECT.count_reply(7))["input_tokens"] == 7
