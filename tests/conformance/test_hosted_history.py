"""A conversation goes on at another vendor, and what the first one's own tools found is still in it, in its place.

A dialect that can say so in a request is held to it by an entry here.
"""

import json
from typing import Any, Final

import pytest

from tests.conformance.judges import check_accepted, targets
from tests.conformance.material import REQUEST_PAIRS, name_of
from translators import translate_request

ASKED: Final = "Find the docs."
GO_ON: Final = "Go on."

ANTHROPIC: Final[list[dict[str, Any]]] = [
    {"type": "text", "text": "Before."},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "the query"}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [
            {
                "type": "web_search_result",
                "url": "https://example.com/found",
                "title": "The page",
                "encrypted_content": "ZW5jcnlwdGVk",
            }
        ],
    },
    {"type": "server_tool_use", "id": "srvtoolu_2", "name": "web_fetch", "input": {"url": "https://example.com/read"}},
    {
        "type": "web_fetch_tool_result",
        "tool_use_id": "srvtoolu_2",
        "content": {
            "type": "web_fetch_result",
            "url": "https://example.com/read",
            "content": {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "words of the page"},
                "title": "Its title",
            },
        },
    },
    {"type": "server_tool_use", "id": "srvtoolu_3", "name": "bash_code_execution", "input": {"command": "ls here"}},
    {
        "type": "bash_code_execution_tool_result",
        "tool_use_id": "srvtoolu_3",
        "content": {
            "type": "bash_code_execution_result",
            "stdout": "a file",
            "stderr": "",
            "return_code": 0,
            "content": [],
        },
    },
    {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "ask", "server_name": "wiki", "input": {"question": "why"}},
    {
        "type": "mcp_tool_result",
        "tool_use_id": "mcptoolu_1",
        "is_error": False,
        "content": [{"type": "text", "text": "words of the server"}],
    },
    {"type": "text", "text": "After."},
]
RESPONSES: Final[list[dict[str, Any]]] = [
    {"role": "assistant", "content": "Before."},
    {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {
            "type": "search",
            "query": "the query",
            "queries": ["the query"],
            "sources": [{"type": "url", "url": "https://example.com/found"}],
        },
    },
    {
        "type": "web_search_call",
        "id": "ws_2",
        "status": "completed",
        "action": {"type": "find_in_page", "url": "https://example.com/in", "pattern": "the pattern"},
    },
    {
        "type": "file_search_call",
        "id": "fs_1",
        "status": "completed",
        "queries": ["among files"],
        "results": [{"file_id": "file-1", "filename": "notes.txt", "text": "words of the file"}],
    },
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "status": "completed",
        "code": "print(40 + 2)",
        "container_id": "cntr_1",
        "outputs": [{"type": "logs", "logs": "42 was printed"}, {"type": "image", "url": "https://example.com/plot"}],
    },
    {
        "type": "mcp_call",
        "id": "mcp_1",
        "status": "completed",
        "server_label": "wiki",
        "name": "ask",
        "arguments": '{"question":"why"}',
        "output": "words of the server",
    },
    {
        "type": "mcp_call",
        "id": "mcp_2",
        "server_label": "wiki",
        "name": "forget",
        "arguments": "{}",
        "error": {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": "not allowed"}]},
    },
    {"role": "assistant", "content": "After."},
]
GEMINI: Final[list[dict[str, Any]]] = [
    {"text": "Before."},
    {"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["the query"]}}},
    {"toolResponse": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "response": {"found": "words of a page"}}},
    {"executableCode": {"language": "PYTHON", "code": "print(40 + 2)"}},
    {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "no such thing"}},
    {"text": "After."},
]

HISTORIES: Final[dict[str, tuple[dict[str, Any], tuple[str, ...], set[str]]]] = {
    "anthropic": (
        {
            "model": "m",
            "max_tokens": 100,
            "messages": [
                {"role": "user", "content": ASKED},
                {"role": "assistant", "content": ANTHROPIC},
                {"role": "user", "content": GO_ON},
            ],
        },
        (
            "the query",
            "The page: https://example.com/found",
            "https://example.com/read",
            "Its title: https://example.com/read",
            "words of the page",
            "ls here",
            "a file",
            "the tool ask of wiki: why",
            "words of the server",
        ),
        {"$.messages[1].content[2].content[0].encrypted_content"},
    ),
    "openai_responses": (
        {"model": "m", "input": [{"role": "user", "content": ASKED}, *RESPONSES, {"role": "user", "content": GO_ON}]},
        (
            "the query",
            "https://example.com/found",
            "https://example.com/in",
            "the pattern",
            "among files",
            "notes.txt: file-1",
            "words of the file",
            "print(40 + 2)",
            "42 was printed",
            "the tool ask of wiki: why",
            "words of the server",
            "the tool forget of wiki",
            "not allowed",
        ),
        {"$.input[5].outputs[1]"},
    ),
    "gemini": (
        {
            "contents": [
                {"role": "user", "parts": [{"text": ASKED}]},
                {"role": "model", "parts": GEMINI},
                {"role": "user", "parts": [{"text": GO_ON}]},
            ]
        },
        ("the query", "words of a page", "print(40 + 2)", "no such thing"),
        set(),
    ),
}
"""By dialect: a request, what its history says that can be read, in order, and the losses."""

PAIRS: Final = [pair for pair in REQUEST_PAIRS if pair[0] in HISTORIES]


@pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=map(name_of, PAIRS))
def test_what_a_vendors_own_tools_found_is_told_to_the_next_vendor(client: str, upstream: str) -> None:
    request, told, lost = HISTORIES[client]
    for target in targets(upstream):
        sent = translate_request(json.dumps(request).encode(), client, upstream, target=target)
        check_accepted(upstream, target, sent.body)
        words = "\n".join(texts(json.loads(sent.body)))
        places = [words.index(one) for one in (ASKED, "Before.")]
        for one in (*told, "After.", GO_ON):
            places.append(words.index(one, places[-1]))
        assert places == sorted(places)
        assert {loss.path for loss in sent.losses} == lost


def texts(value: Any) -> list[str]:
    """All that is said, in order."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in texts(one)]
