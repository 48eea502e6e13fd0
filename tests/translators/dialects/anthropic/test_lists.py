"""Token counts and model lists."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.dialect import ModelInfo, Operation
from translators.dialects.anthropic import DIALECT
from translators.timestamp import timestamp


def test_a_count() -> None:
    assert json.loads(DIALECT.count_reply(7)) == {"input_tokens": 7}


def test_a_list_is_one_page() -> None:
    models = (ModelInfo("a", "o", 1_700_000_000, "A", 200_000, 64_000), ModelInfo("b", "o"))
    page = json.loads(DIALECT.model_list(models))
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("a", "b", False)
    assert page["data"][0] == {
        "type": "model",
        "id": "a",
        "display_name": "A",
        "created_at": "2023-11-14T22:13:20Z",
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    }
    assert page["data"][1] == json.loads(DIALECT.one_model(models[1]))
    assert json.loads(DIALECT.model_list(())) == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@given(st.integers(0, 250_000_000_000))
def test_every_second_has_its_date(seconds: int) -> None:
    assert timestamp(seconds) == datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


@pytest.mark.parametrize("operation", [Operation.GENERATE, Operation.COUNT_TOKENS, Operation.LIST_MODELS])
def test_there_is_a_route_for_everything_that_the_vendor_serves(operation: Operation) -> None:
    assert [route.path for route in DIALECT.routes if route.operation is operation]
