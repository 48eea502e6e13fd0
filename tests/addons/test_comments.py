"""What stands on a client's flow, for people."""

from dataclasses import replace
from typing import Any

from mitmproxy.test import tflow

from addons import exchange as exchanges
from addons.comments import Comments
from addons.exchange import AttemptRecord, Exchange
from translators import Loss, registry
from translators.dialect import Operation

FAILED = AttemptRecord(1, "sim", "0123abcd", "gpt-sim", 10.0, 11.25, 429, "rate_limited", "slow down")
GOOD = AttemptRecord(2, "sim", "4567cdef", "gpt-sim", 11.25, 12.0, 200, "ok")


def comment_of(*attempts: AttemptRecord, hook: str = "response", comment: str = "", **more: Any) -> list[str]:
    """The lines that stand there in the end."""
    flow = tflow.tflow(resp=True)
    flow.id, flow.comment = "aaaabbbb-cccc", comment
    exchange = Exchange(
        flow.id, registry.dialect("anthropic"), Operation.GENERATE, b"", {}, "gpt-asked", True, "-", 10.0, **more
    )
    exchange.attempts.extend(attempts)
    exchanges.attach(flow, exchange)
    getattr(Comments(), hook)(flow)
    return flow.comment.split("\n· ")


def test_it_begins_with_the_id_and_names_every_attempt() -> None:
    assert comment_of(FAILED, GOOD) == [
        "aaaabbbb anthropic gpt-asked: ok, sim 4567cdef gpt-sim",
        "#1 sim 0123abcd gpt-sim, 1.2 s: 429 rate_limited slow down",
        "#2 sim 4567cdef gpt-sim, 0.8 s: 200 ok",
    ]


def test_an_exchange_without_an_answer_has_one_too() -> None:
    cut = replace(GOOD, ended_s=None, status=None, outcome="")
    assert comment_of(cut, hook="error") == [
        "aaaabbbb anthropic gpt-asked: not finished, sim 4567cdef gpt-sim",
        "#2 sim 4567cdef gpt-sim: not finished",
    ]
    assert comment_of(hook="error") == ["aaaabbbb anthropic gpt-asked: nobody was tried"]


def test_what_went_wrong_comes_first() -> None:
    assert comment_of(FAILED, error="all rest")[0] == "aaaabbbb anthropic gpt-asked: all rest"


def test_losses_are_named_as_far_as_they_can_be_read() -> None:
    lines = comment_of(GOOD, losses=tuple(Loss(f"$.f{number}", "no word for it") for number in range(22)))
    assert lines[2] == "lost $.f0: no word for it"
    assert (len(lines), lines[-1]) == (23, "and 2 more losses")


def test_what_a_person_wrote_stays() -> None:
    assert comment_of(GOOD, comment="look at this") == ["look at this"]


def test_a_flow_that_is_no_exchange_has_none() -> None:
    flow = tflow.tflow(resp=True)
    Comments().response(flow)
    assert flow.comment == ""
