"""What people must not see, and what they must."""

import pytest

from addons.accounts.masking import MASK, line, masked


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abc123def456",
        "sk-ant-api03-xxxx1xxxx",
        "sk-abc***xyz",
        "AIzaSyA1234567890abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "ya29.a0AfH6SMBxyz",
        "gsk_1234567890abc",
        "someone@mail.example.com",
        "0123456789abcdef0123456789abcdef0123456789abcdef",
    ],
)
def test_what_looks_like_a_secret_is_masked(secret: str) -> None:
    assert masked(f"Incorrect key: {secret}, sorry") == f"Incorrect key: {MASK}, sorry"


def test_secrets_in_urls_and_headers_are_masked() -> None:
    assert masked("http://user:password@proxy.example:80/x") == f"http://{MASK}@proxy.example:80/x"
    assert masked("Authorization: Bearer abcdefgh") == f"Authorization: Bearer {MASK}"


def test_secrets_that_are_named_are_masked() -> None:
    assert masked("key test-key-1 refused", "test-key-1", "") == f"key {MASK} refused"


@pytest.mark.parametrize(
    "text",
    [
        "The model `claude-sonnet-4-5-20250929` does not exist",
        "Rate limit reached for gpt-4.1-mini in organization org-1 on tokens per min (TPM)",
        "task-oriented risk-free desk-side",
        "request req_011CSHoEeqs5C35K2UUqR7Fy failed after 12s",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert masked(text) == text


def test_a_text_becomes_one_short_line() -> None:
    assert line(" a\n\tb  c ") == "a b c"
    assert line("x " * 500, 10) == "x x x x x…"
    assert len(line("word " * 100000)) <= 200
