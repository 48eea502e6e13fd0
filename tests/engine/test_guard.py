"""Only a mitmproxy that we know gets the engine; every other runs, with one attempt for each request."""

import logging
import re
from pathlib import Path

import pytest
from mitmproxy import version
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.tools.dump import DumpMaster

from addons.engine import guard
from addons.exchange import Answer, Wait
from tests.engine.peers import HEAD, ask, chunk, client, closes, post, replies, streams, upstream, whole
from tests.engine.stage import NOBODY, played, proxy
from tests.support.ports import free_port

ENGINE = Path(guard.__file__).parent


@pytest.mark.parametrize(("name", "parameters"), guard.NAMES.items(), ids=guard.NAMES.keys())
def test_a_private_name_is_where_we_know_it(name: str, parameters: tuple[str, ...] | None) -> None:
    assert guard.is_as_known(name, parameters), (
        f"mitmproxy {version.VERSION} has moved or changed {name}: read its source, adapt addons/engine, then the list"
    )


def test_this_mitmproxy_is_known() -> None:
    assert guard.problem() is None


@pytest.mark.parametrize("found", ["12.2.2", "12.4.0", "13.0.0.dev", "11.0"])
def test_another_version_is_a_problem(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", found)
    assert found in (guard.problem() or "")


@pytest.mark.parametrize("found", ["12.2.3", "12.3.0", "12.3.1"])
def test_a_known_version_is_none(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", found)
    assert guard.problem() is None


def test_a_name_that_is_gone_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(HttpStream, "check_killed")
    assert "HttpStream.check_killed" in (guard.problem() or "")


def test_a_name_with_other_parameters_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpStream, "check_killed", lambda self: None)
    assert "HttpStream.check_killed" in (guard.problem() or "")


def test_every_class_that_the_engine_takes_from_the_http_layer_is_on_the_list() -> None:
    listed = {name.rpartition(":")[2].split(".")[0] for name in guard.NAMES}
    taken: set[str] = set()
    for path in ENGINE.glob("*.py"):
        for block in re.findall(
            r"from mitmproxy\.proxy\.layers\.http import \(?([^)]+?)\)?\n(?=\S|\n)", path.read_text()
        ):
            taken.update(re.findall(r"\w+", block))
    hooks = {name for name in taken if name.endswith("Hook")}
    assert taken
    assert taken - hooks - listed == set()


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", "12.9.0")


@pytest.mark.usefixtures("unknown")
class TestWithoutTheEngine:
    """What still works."""

    @staticmethod
    def test_there_is_one_clear_warning(caplog: pytest.LogCaptureFixture) -> None:
        @played
        async def scenario() -> None:
            async with proxy():
                pass

        scenario()
        [warning] = [record for record in caplog.records if record.name.startswith("addons.engine")]
        assert warning.levelno == logging.WARNING
        assert "12.9.0" in warning.getMessage()

    @staticmethod
    @played
    async def test_a_stream_comes_through() -> None:
        async with proxy() as stage, upstream(streams(b"one", b"two")) as up:
            conductor = stage.conduct(Wait(0), up.request())
            reply = await ask(stage.port)
            assert (reply.status, reply.body) == (200, b"onetwo")
            assert up.requests[0].headers[b"authorization"] == b"Bearer test-key-1"
            assert conductor.logs == [["opened 200", "closed"]]
            assert [status for status, _ in conductor.ends] == [200]

    @staticmethod
    @played
    async def test_no_credential_stays_on_the_flow() -> None:
        async with proxy() as stage, upstream(streams(b"one")) as up:
            stage.conduct(up.request())
            await ask(stage.port)
            assert stage.flows[0].request.headers["authorization"] == "***"
            stage.conduct(up.request(port=free_port()))
            await ask(stage.port)
            assert stage.flows[1].request.headers["authorization"] == "***"

    @staticmethod
    @played
    async def test_a_failure_is_told_in_the_clients_dialect() -> None:
        async with proxy() as stage, upstream(replies(whole(429, b"slow down"))) as up:
            conductor = stage.conduct(up.request(), up.request())
            reply = await ask(stage.port)
            assert reply.status == 502
            assert b"status 429" in reply.body
            assert len(conductor.attempts) == 1
            assert [status for status, _ in conductor.ends] == [502]

    @staticmethod
    @played
    async def test_an_error_at_the_head_of_a_stream_is_told_in_it() -> None:
        async with proxy() as stage, upstream(streams(b"error: overloaded")) as up:
            stage.conduct(up.request())
            reply = await ask(stage.port)
            assert b"error in the stream" in reply.body

    @staticmethod
    @played
    async def test_an_answer_is_given() -> None:
        async with proxy() as stage:
            conductor = stage.conduct(NOBODY)
            assert (await ask(stage.port)).status == NOBODY.status
            assert len(conductor.ends) == 1

    @staticmethod
    @played
    async def test_an_exception_of_the_conductor_ends_in_an_error() -> None:
        async with proxy() as stage:
            stage.conduct(RuntimeError("of the test"))
            assert (await ask(stage.port)).status == 500

    @staticmethod
    @played
    async def test_a_broken_stream_ends_the_exchange_once() -> None:
        async with proxy() as stage, upstream(closes(HEAD + chunk(b"half"))) as up, client(stage.port) as talk:
            conductor = stage.conduct(up.request())
            await talk.send(post())
            await talk.gone()
            await conductor.ended.wait()
            assert conductor.logs == [["opened 200", "broken protocol"]]
            assert [status for status, _ in conductor.ends] == [None]


def parts_of(master: DumpMaster) -> set[str]:
    """What the engine has put into mitmproxy."""
    replaced = set(master.addons.__dict__) & {"add", "register", "remove", "clear", "trigger_event", "handle_lifecycle"}
    return replaced | {name for name in master.addons.lookup if name.startswith("cliproxy-")}


@played
async def test_what_running_puts_in_done_takes_out_and_it_can_be_put_in_again() -> None:
    async with proxy() as stage, upstream(streams(b"x")) as up, client(stage.port) as talk:
        before = parts_of(stage.master)
        for _ in range(2):
            stage.conduct(up.request())
            await talk.send(post())
            assert (await talk.read()).body == b"x"
            stage.conduct(up.request(port=free_port()), up.request())
            assert (await ask(stage.port)).body == b"x"
            stage.master.addons.remove(stage.engine)
            assert parts_of(stage.master) == set()
            stage.master.addons.add(stage.engine)
            stage.engine.running()
            assert parts_of(stage.master) == before
        stage.conduct(Answer(404, (), b"", b""))
        assert (await ask(stage.port)).status == 404


@played
async def test_an_exchange_that_runs_during_a_reload_goes_on() -> None:
    async with proxy() as stage, client(stage.port) as talk:
        conductor = stage.conduct(Wait(0.2), Answer(200, (), b"done", b""))
        await talk.send(post())
        reading = talk.read()
        stage.master.addons.remove(stage.engine)
        stage.master.addons.add(stage.engine)
        stage.engine.running()
        assert (await reading).body == b"done"
        assert len(conductor.ends) == 1
