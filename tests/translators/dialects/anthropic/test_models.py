"""What a model can be told, by its name."""

import pytest

from translators.dialects.anthropic.models import model_of


@pytest.mark.parametrize(
    ("name", "thinks", "adapts", "samples", "formats"),
    [
        ("claude-2.1", False, False, True, False),
        ("claude-instant-1.2", False, False, True, False),
        ("claude-3-opus-20240229", False, False, True, False),
        ("claude-3-5-haiku-latest", False, False, True, False),
        ("claude-3-7-sonnet-20250219", True, False, True, False),
        ("claude-sonnet-4-20250514", True, False, True, False),
        ("claude-opus-4-1-20250805", True, False, True, True),
        ("claude-sonnet-4-5-20250929", True, False, True, True),
        ("anthropic/claude-sonnet-4.5", True, False, True, True),
        ("claude-4.5-sonnet", True, False, True, True),
        ("claude-haiku-4-5", True, False, True, True),
        ("claude-haiku-4-6", True, False, True, True),
        ("us.anthropic.claude-opus-4-6-v1:0", True, True, True, True),
        ("claude-opus-4-7", True, True, False, True),
        ("claude-sonnet-5", True, True, False, True),
        ("claude-fable-5", True, True, False, True),
        ("glm-5", True, False, True, True),
        ("my-alias", True, False, True, True),
    ],
)
def test_what_a_name_shows(name: str, thinks: bool, adapts: bool, samples: bool, formats: bool) -> None:
    model = model_of(name)
    assert (model.thinks, model.adapts, model.samples, model.formats) == (thinks, adapts, samples, formats)


@pytest.mark.parametrize(("name", "xhigh"), [("claude-opus-4-6", False), ("claude-opus-4-7", True), ("glm-5", True)])
def test_the_highest_efforts_are_for_the_newest(name: str, xhigh: bool) -> None:
    assert ("xhigh" in model_of(name).efforts) is xhigh
