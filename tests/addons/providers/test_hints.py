"""When a vendor may be asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.providers.hints import number, retry_after_s, until
from translators.http_errors import span_s

DATE = "Fri, 20 Nov 2026 12:00:00 GMT"
NOW_S = 1795176000.0


@pytest.mark.parametrize(
    ("headers", "hint_s"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:40 GMT"}, 100.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "2026-11-20T12:00:30Z"}, 30.0),
        ({"retry-after": "1m30s"}, 90.0),
        ({"retry-after": str(int(NOW_S) + 60)}, 60.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "6m0s"}, None),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "120ms",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "2s",
            },
            2.0,
        ),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-20T12:00:20Z",
            },
            20.0,
        ),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW_S + 45) * 1000)}, 45.0),
        ({}, None),
    ],
)
def test_headers(headers: dict[str, str], hint_s: float | None) -> None:
    assert retry_after_s({"date": DATE, **headers}, None, "") == hint_s


@pytest.mark.parametrize(
    ("message", "hint_s"),
    [
        ("Please try again in 1.2s. Visit https://x", 1.2),
        ("Please try again in 6m0s.", 360.0),
        ("Try again in 250ms", 0.25),
        ("Your quota will reset after 1h2m3s", 3723.0),
        ("Retry after 7 s", 7.0),
        ("after a while", None),
        ("after 5 messages", None),
        ("", None),
    ],
)
def test_messages(message: str, hint_s: float | None) -> None:
    assert retry_after_s({}, None, message) == pytest.approx(hint_s)


def test_details_of_google() -> None:
    info = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    assert retry_after_s({}, info, "") == 34.5
    assert retry_after_s({}, [{"metadata": {"quotaResetDelay": "1h"}}], "") == 3600.0
    assert retry_after_s({}, [None, "x", {"retryDelay": 5}, {"metadata": []}], "") is None


@given(st.text(), st.text())
def test_whatever_a_vendor_sends_is_a_number_of_seconds_or_nothing(value: str, text: str) -> None:
    names = ("retry-after", "retry-after-ms", "date", "x-ratelimit-reset", "anthropic-ratelimit-tokens-reset")
    found = retry_after_s(dict.fromkeys(names, value), [{"retryDelay": value}], text)
    assert found is None or number(found) == found
    assert span_s(text) is None or number(span_s(text)) is not None
    assert until(text, NOW_S) is None or number(until(text, NOW_S)) is not None
