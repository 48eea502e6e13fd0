"""What a vendor's own tools did, in words."""

import pytest

from translators.conversation import Hosted, HostedCall, HostedResult
from translators.hosted_words import words_of
from translators.notes import Citation


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (HostedCall("a", Hosted.WEB_SEARCH, '{"query": "x"}'), "(Here ran a web search: x)"),
        (HostedCall("a", Hosted.WEB_SEARCH, '{"queries":["x","y"]}'), '(Here ran a web search: {"queries":["x","y"]})'),
        (
            HostedCall("a", Hosted.WEB_FETCH, '{"url":"u","pattern":"p"}'),
            '(Here ran a web fetch: {"url":"u","pattern":"p"})',
        ),
        (HostedCall("a", Hosted.CODE_EXECUTION, '{"code": "a()\\nb()"}'), "(Here ran a code execution: a()\nb())"),
        (HostedCall("a", Hosted.WEB_SEARCH), "(Here ran a web search.)"),
        (HostedCall("a", Hosted.WEB_SEARCH, "cut o"), "(Here ran a web search: cut o)"),
        (HostedResult("a", Hosted.CODE_EXECUTION, "1\n"), "(Result of the code execution:\n1\n)"),
        (HostedResult("a", Hosted.CODE_EXECUTION, "no", failed=True), "(The code execution failed: no)"),
        (HostedResult("a", Hosted.WEB_SEARCH, failed=True), "(The web search failed.)"),
        (HostedResult("a", Hosted.WEB_SEARCH), ""),
        (
            HostedResult(
                "a",
                Hosted.FILE_SEARCH,
                sources=(Citation("https://a.org", "A"), Citation(file_id="file-1", quote="so"), Citation(title="T")),
            ),
            "(Result of the file search:\n- A: https://a.org\n- file-1\nso\n- T)",
        ),
    ],
)
def test_a_call_and_a_result_say_what_was_asked_and_found(part: HostedCall | HostedResult, words: str) -> None:
    assert words_of(part) == words
