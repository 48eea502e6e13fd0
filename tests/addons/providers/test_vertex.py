"""Vertex AI with an API key."""

import pytest

from addons.providers import vertex
from translators.dialect import Operation


@pytest.mark.parametrize(
    ("operation", "stream", "path"),
    [
        (Operation.GENERATE, False, "/v1/publishers/google/models/gemini-2.5-pro:generateContent"),
        (Operation.GENERATE, True, "/v1/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
        (Operation.COUNT_TOKENS, False, "/v1/publishers/google/models/gemini-2.5-pro:countTokens"),
    ],
)
def test_the_paths_are_those_of_express_mode(operation: Operation, stream: bool, path: str) -> None:
    assert vertex.PROVIDER.path(operation, "gemini-2.5-pro", stream=stream) == path


@pytest.mark.parametrize(
    ("base_url", "ours"),
    [
        ("https://aiplatform.googleapis.com", True),
        ("https://europe-west4-aiplatform.googleapis.com", True),
        ("https://aiplatform.googleapis.com.example.org", False),
        ("https://example.org/aiplatform.googleapis.com", False),
    ],
)
def test_the_vendors_own_hosts_are_known(base_url: str, ours: bool) -> None:
    assert vertex.genuine(base_url) is ours
