"""Requests in line: whoever could answer is busy."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from addons.exchange import Answer, Step
from addons.rounds import Crowd, Rounds
from addons.waiting import InVain, wait_for_turn
from tests.support.conducting import Play, Stage, attempt_of, chat, key_of, refuse, reply

type Scene = Callable[[], Coroutine[Any, Any, None]]


def stage(*providers: dict[str, Any], **routing: Any) -> Stage:
    """`routing` in snake case."""
    settings = {key.replace("_", "-"): value for key, value in {"strategy": "fill-first", **routing}.items()}
    return Stage({"openai-compatibility": list(providers), "routing": settings})


def narrow(name: str, **more: Any) -> dict[str, Any]:
    """A provider whose one key takes one request at a time."""
    return chat(name, max_concurrency=1, **more)


async def asking(play: Play) -> asyncio.Task[Step]:
    """The exchange's next step, on its way as far as it gets."""
    task = asyncio.get_running_loop().create_task(play.conductor.next())
    await settled()
    return task


async def settled() -> None:
    """Everything that can happen now has happened."""
    for _ in range(8):
        await asyncio.sleep(0)


def test_those_in_line_are_served_one_after_the_other_in_their_order() -> None:
    async def scene() -> None:
        one = stage(narrow("a"))
        attempt = attempt_of(await one.play().conductor.next())
        waiting = [await asking(one.play()) for _ in range(3)]
        for task in waiting:
            assert not task.done()
            assert one.in_use() == 1
            reply(attempt)
            await settled()
            attempt = attempt_of(task.result())
        reply(attempt)
        assert one.in_use() == 0

    asyncio.run(scene())


def test_a_client_that_leaves_the_line_leaves_nothing_behind() -> None:
    async def scene() -> None:
        one = stage(narrow("a"))
        attempt = attempt_of(await one.play().conductor.next())
        left, stayed = one.play(), one.play()
        leaving, staying = await asking(left), await asking(stayed)
        leaving.cancel()
        left.conductor.finished(None, 0)
        await settled()
        assert leaving.cancelled()
        reply(attempt)
        await settled()
        reply(attempt_of(staying.result()))
        assert one.in_use() == 0
        assert attempt_of(await one.play().conductor.next())

    asyncio.run(scene())


def test_a_client_that_leaves_just_when_it_is_called_passes_its_turn_on() -> None:
    async def scene() -> None:
        one = stage(narrow("a"))
        attempt = attempt_of(await one.play().conductor.next())
        left, stayed = one.play(), one.play()
        leaving, staying = await asking(left), await asking(stayed)
        reply(attempt)  # The line has called the first in it, which has not run yet.
        leaving.cancel()
        left.conductor.finished(None, 0)
        await settled()
        assert leaving.cancelled()
        reply(attempt_of(staying.result()))
        assert one.in_use() == 0

    asyncio.run(scene())


def test_a_client_that_leaves_with_its_attempt_just_made_gives_the_lease_back() -> None:
    async def scene() -> None:
        one = stage(narrow("a"))
        attempt = attempt_of(await one.play().conductor.next())
        left = one.play()
        leaving = await asking(left)
        reply(attempt)
        await settled()
        assert leaving.done()
        leaving.cancel()
        left.conductor.finished(None, 0)
        assert one.in_use() == 0

    asyncio.run(scene())


def test_of_two_busy_pools_the_first_that_is_free_answers_and_the_other_is_let_go() -> None:
    async def scene() -> None:
        one = stage(narrow("a"), narrow("b"))
        first = attempt_of(await one.play().conductor.next())
        second = attempt_of(await one.play().conductor.next())
        assert [key_of(first), key_of(second)] == ["a-k-1", "b-k-1"]
        task = await asking(one.play())
        reply(second)
        await settled()
        assert key_of(attempt_of(task.result())) == "b-k-1"
        reply(first)
        assert one.in_use() == 1
        assert key_of(attempt_of(await one.play().conductor.next())) == "a-k-1"

    asyncio.run(scene())


def test_a_lower_tier_that_is_free_is_not_kept_waiting_by_a_busy_one() -> None:
    async def scene() -> None:
        one = stage(narrow("high", priority=1), chat("low"))
        assert key_of(attempt_of(await one.play().conductor.next())) == "high-k-1"
        assert key_of(attempt_of(await one.play().conductor.next())) == "low-k-1"

    asyncio.run(scene())


def refused_as_busy(answer: Step) -> str:
    """The message of a refusal because of a line."""
    assert isinstance(answer, Answer)
    assert answer.status == 429
    assert dict(answer.headers)[b"retry-after"] == b"5"
    error = json.loads(answer.body)["error"]
    assert error["type"] == "rate_limit_error"
    return str(error["message"])


@pytest.mark.parametrize("routing", [{"queue_size": 0}, {"queue_timeout_seconds": 0}], ids=["no line", "no patience"])
def test_where_nobody_may_wait_the_answer_comes_at_once(routing: dict[str, int]) -> None:
    async def scene() -> None:
        one = stage(narrow("a"), **routing)
        attempt = attempt_of(await one.play().conductor.next())
        play = one.play()
        assert "a" in refused_as_busy(await play.conductor.next())
        reply(attempt)
        assert one.in_use() == 0

    asyncio.run(scene())


def test_a_line_that_is_full_takes_nobody() -> None:
    async def scene() -> None:
        one = stage(narrow("a"), queue_size=1)
        attempt = attempt_of(await one.play().conductor.next())
        task = await asking(one.play())
        refused_as_busy(await one.play().conductor.next())
        reply(attempt)
        await settled()
        assert attempt_of(task.result())

    asyncio.run(scene())


def test_patience_ends() -> None:
    async def scene() -> None:
        one = stage(narrow("a"))
        attempt = attempt_of(await one.play().conductor.next())
        rounds = Rounds("big", one.router.candidates("big"), one.shared.shares)
        crowd = rounds.pick(one.now_s)
        assert isinstance(crowd, Crowd)
        assert await wait_for_turn(rounds, crowd, one.pools, 0.02, lambda: one.now_s) == InVain(crowd, 0.02)
        reply(attempt)
        assert one.in_use() == 0

    asyncio.run(scene())


def test_who_waits_for_somebody_that_begins_to_rest_is_told_so() -> None:
    async def scene() -> None:
        one = stage(narrow("a"))
        attempt = attempt_of(await one.play().conductor.next())
        task = await asking(one.play())
        refuse(attempt, 429, b'{"error": {"message": "monthly limit"}}', retry_after="600")
        await settled()
        answer = task.result()
        assert isinstance(answer, Answer)
        assert b"monthly limit" in answer.body
        assert dict(answer.headers)[b"retry-after"] == b"600"

    asyncio.run(scene())


def test_who_waits_for_somebody_that_fails_in_passing_borrows_it() -> None:
    async def scene() -> None:
        one = stage(narrow("a"))
        attempt = attempt_of(await one.play().conductor.next())
        task = await asking(one.play())
        refuse(attempt, 500)
        await settled()
        assert key_of(attempt_of(task.result())) == "a-k-1"

    asyncio.run(scene())


def test_somebody_that_recovers_ends_the_wait() -> None:
    async def scene() -> None:
        one = stage(narrow("a"), chat("b"))
        attempt_of(await one.play().conductor.next())
        second = one.play()
        refuse(attempt_of(await second.conductor.next()), 429, retry_after="0.05")
        task = await asking(one.play())
        assert not task.done()
        one.now_s += 1.0
        assert key_of(attempt_of(await task)) == "b-k-1"

    asyncio.run(scene())


def test_of_two_that_recover_at_once_one_is_used_and_the_other_is_let_go() -> None:
    async def scene() -> None:
        one = stage(chat("a", ["k-1", "k-2"], max_concurrency=1), chat("b"))
        attempt_of(await one.play().conductor.next())
        second = one.play()
        for _ in range(2):
            refuse(attempt_of(await second.conductor.next()), 429, retry_after="0.05")
        task = await asking(one.play())
        assert not task.done()
        one.now_s += 1.0
        assert key_of(attempt_of(await task)) == "a-k-2"
        assert one.in_use() == 2

    asyncio.run(scene())


def test_counting_does_not_stand_in_line() -> None:
    key = {"api-key": "k-1", "base-url": "http://a.test", "models": [{"name": "big"}], "max-concurrency": 1}

    async def scene() -> None:
        one = Stage({"claude-api-key": [key]})
        attempt_of(await one.play().conductor.next())
        answer = await one.play(operation="count_tokens").conductor.next()
        assert isinstance(answer, Answer)
        assert dict(answer.headers)[b"x-cliproxy-estimate"] == b"true"

    asyncio.run(scene())
