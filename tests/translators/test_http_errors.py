"""What headers and words of a refusal say, whatever its dialect."""

import pytest

from translators.http_errors import described, hint_s, retry_after_s

DATE = "Fri, 20 Nov 2026 10:00:00 GMT"
LATER = "Fri, 20 Nov 2026 10:01:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "7", "retry-after-ms": "6500"}, 6.5),
        ({"date": DATE, "retry-after": LATER}, 90.0),
        ({"date": LATER, "retry-after": DATE}, 0.0),
        ({"retry-after": LATER}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_when_to_come_again_stands_in_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 1h2m3s.", 3723.0),
        ("TRY AGAIN IN 320MS", 0.32),
        ("try again in 20 milliseconds", None),
        ("try again in a while", None),
    ],
)
def test_or_in_words(message: str, seconds: float | None) -> None:
    assert hint_s(message) == seconds


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><head><title>no</title></head><h1>Bad\n gateway</h1></html>", "with text/html: Bad gateway"),
        (b"<script>alert(1)</script >", "with text/html"),
        (b"no <script>" * 2000, "with text/html: no"),
        (b"", "with an empty body"),
    ],
)
def test_a_page_is_one_line_of_its_words(body: bytes, said: str) -> None:
    line = described(502, body, {"Content-Type": "text/html; charset=utf-8"})
    assert line == f"the upstream answered 502 {said}"
