import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from addons import reload
from addons.reload import ConfigFile, Reloader
from addons.serving import Builder, Current, Serving
from addons.settings import Loaded, Settings, SettingsError, parse
from addons.usage.record import Fanout

type Edit = Callable[[Path], object]

WAIT_S: Final = 10.0
FIRST: Final = "port: 8001\n"
SECOND: Final = "port: 8002\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    write(path, FIRST)
    return path


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "LOOK_EVERY_S", 0.02)


def write(path: Path, text: str) -> None:
    """As most editors do."""
    path.write_text(text)


async def found_after(path: Path, *edits: Edit) -> list[Loaded | SettingsError]:
    """What the watch says after each edit."""
    file = ConfigFile(path)
    file.read()
    changes = file.changes()
    found = []
    for edit in edits:
        edit(path)
        found.append(await asyncio.wait_for(anext(changes), WAIT_S))
    return found


def ports_after(path: Path, *edits: Edit) -> list[int]:
    found = asyncio.run(found_after(path, *edits))
    return [one.settings.port for one in found if isinstance(one, Loaded)]


def replaced(path: Path) -> None:
    new = path.with_suffix(".new")
    new.write_text(SECOND)
    new.replace(path)


def removed_and_created(path: Path) -> None:
    path.unlink()
    write(path, SECOND)


def same_time_and_size(path: Path) -> None:
    before = path.stat()
    write(path, SECOND)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "edit", [lambda path: path.write_text(SECOND), replaced, removed_and_created, same_time_and_size]
)
def test_an_edit_is_noticed_however_the_editor_writes(path: Path, edit: Edit) -> None:
    assert ports_after(path, edit) == [8002]


def test_an_edit_behind_a_link_is_noticed(path: Path) -> None:
    link = path.with_name("link.yaml")
    link.symlink_to(path)
    other = path.with_name("other.yaml")
    other.write_text("port: 8003\n")

    def linked_anew(link: Path) -> None:
        link.unlink()
        link.symlink_to(other)

    assert ports_after(link, lambda _: path.write_text(SECOND), linked_anew) == [8002, 8003]


def test_an_edit_between_reading_and_watching_is_not_missed(path: Path) -> None:
    async def scenario() -> Loaded | SettingsError:
        file = ConfigFile(path)
        file.read()
        write(path, SECOND)
        return await asyncio.wait_for(anext(file.changes()), WAIT_S)

    found = asyncio.run(scenario())
    assert isinstance(found, Loaded)
    assert found.settings.port == 8002


def test_only_another_content_counts(path: Path) -> None:
    def touched_then_changed(path: Path) -> None:
        path.touch()
        path.chmod(0o600)
        write(path, FIRST)

    async def scenario() -> None:
        file = ConfigFile(path)
        file.read()
        waiting = asyncio.ensure_future(anext(file.changes()))
        touched_then_changed(path)
        done, _ = await asyncio.wait([waiting], timeout=4 * reload.QUIET_S)
        assert not done
        write(path, SECOND)
        found = await asyncio.wait_for(waiting, WAIT_S)
        assert isinstance(found, Loaded)

    asyncio.run(scenario())


def test_a_bad_content_is_told_and_the_next_good_one_is_taken(path: Path) -> None:
    async def scenario() -> None:
        bad, good = await found_after(
            path, lambda path: path.write_text("prot: 1\n"), lambda path: path.write_text(FIRST)
        )
        assert isinstance(bad, SettingsError)
        assert "`port` was probably meant" in str(bad)
        assert isinstance(good, Loaded)

    asyncio.run(scenario())


@pytest.mark.parametrize("edit", [Path.unlink, lambda path: path.write_text("")])
def test_a_file_that_stays_away_or_empty_changes_nothing(
    path: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reload, "GONE_S", 0.2)

    async def scenario() -> None:
        file = ConfigFile(path)
        file.read()
        waiting = asyncio.ensure_future(anext(file.changes()))
        edit(path)
        done, _ = await asyncio.wait([waiting], timeout=1.0)
        assert not done
        write(path, SECOND)
        found = await asyncio.wait_for(waiting, WAIT_S)
        assert isinstance(found, Loaded)

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    assert caplog.text.count("gone or empty") == 1


def test_a_file_that_never_rests_is_read_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "PATIENCE_S", 0.3)

    async def scenario() -> None:
        file = ConfigFile(path)
        file.read()
        stop = asyncio.Event()

        async def writes() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                write(path, f"port: {9000 + number % 900}\n")
                await asyncio.sleep(0.01)

        writer = asyncio.ensure_future(writes())
        found = await asyncio.wait_for(anext(file.changes()), WAIT_S)
        stop.set()
        await writer
        assert isinstance(found, Loaded)

    asyncio.run(scenario())


class Watched:
    """A reloader whose file is only text, and what it did."""

    def __init__(self, text: str, *, intercepts: bool = False) -> None:
        first = parse(text)
        file, builder = ConfigFile(Path("config.yaml")), Builder(Fanout([]))
        self.debugs: list[bool] = []
        self.current = Current(builder.build(first.settings))
        self.reloader = Reloader(file, first, builder, self.current, self.debugs.append, lambda: intercepts)

    def take(self, text: str) -> None:
        try:
            found: Any = parse(text)
        except SettingsError as error:
            found = error
        asyncio.run(self.reloader._take(found))


def test_a_change_swaps_all_at_once_and_names_the_paths(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("api-keys: [k-1]")
    before = watched.current.serving
    with caplog.at_level(logging.INFO):
        watched.take("api-keys: [k-1, k-2]\nrequest-retry: 2")
    after = watched.current.serving
    assert after is not before
    assert after.settings.request_retry == 2
    assert after.access.client_name({"x-api-key": "k-2"}, {})
    assert before.settings.request_retry == 0
    (line,) = [record.message for record in caplog.records]
    assert "api-keys" in line
    assert "request-retry" in line
    assert "k-2" not in line


def test_a_save_that_means_the_same_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("port: 8001")
    before = watched.current.serving
    with caplog.at_level(logging.INFO):
        watched.take("# a comment\nport: 8001")
    assert watched.current.serving is before
    assert "nothing is different" in caplog.text


def test_a_refused_config_leaves_all_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("port: 8001")
    before = watched.current.serving
    watched.take("port: many")
    assert watched.current.serving is before
    assert "port: must be a whole number" in caplog.text
    assert "not taken" in caplog.text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("port: 8002", "port"),
        ("host: 127.0.0.2\nport: 8001", "host"),
        ("tls: {cert: other.pem}\nport: 8001", "tls.cert"),
    ],
)
def test_what_the_listener_is_made_of_needs_a_restart(text: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("port: 8001")
    watched.take(text)
    assert [record.message.split(":")[0] for record in caplog.records] == [path]
    assert "needs a restart" in caplog.text


def test_going_back_to_the_port_of_the_start_needs_none(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("port: 8001")
    watched.take("port: 8002")
    caplog.clear()
    watched.take("port: 8001")
    assert "restart" not in caplog.text
    watched.take("port: 8002\nrequest-retry: 1")
    caplog.clear()
    watched.take("port: 8002\nrequest-retry: 2")
    assert "restart" not in caplog.text  # It has been said.


def test_client_keys_can_not_be_taken_away_while_others_reach_the_listener(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("host: 0.0.0.0\napi-keys: [k-1]")
    before = watched.current.serving
    watched.take("host: 127.0.0.1")
    assert watched.current.serving is before
    assert "api-keys" in caplog.text
    assert "0.0.0.0" in caplog.text


@pytest.mark.parametrize("text", ["port: 8001\n", "port: 8002\n", "host: 127.0.0.2\nport: 8001\n"])
def test_an_upstream_that_is_the_gateway_itself_is_not_taken(text: str, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("port: 8001")
    before = watched.current.serving
    watched.take(f"{text}claude-api-key: [{{base-url: 'http://localhost:8001'}}]")
    assert watched.current.serving is before
    assert "base-url" in caplog.text
    assert "not taken" in caplog.text


@pytest.mark.parametrize("intercepts", [True, False], ids=["listens", "does not listen"])
def test_so_is_one_that_is_its_proxy_where_that_listens(intercepts: bool, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("intercept: {port: 8002}", intercepts=intercepts)
    before = watched.current.serving
    watched.take("intercept: {port: 8003}\nproxy-url: http://localhost:8002")
    assert (watched.current.serving is before) is intercepts
    assert ("proxy-url: leads to port 8002" in caplog.text) is intercepts


def test_debug_applies_at_once_and_only_where_it_changes() -> None:
    watched = Watched("debug: false")
    for text in ("debug: true", "debug: true\nrequest-retry: 1", "debug: false"):
        watched.take(text)
    assert watched.debugs == [True, False]


def test_notes_are_told_again_only_where_they_are_new(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched("host: 127.0.0.1\nwirbelwind: 1")
    watched.take("host: 127.0.0.1\nwirbelwind: 1\nrequest-retry: 1")
    assert "wirbelwind" not in caplog.text
    watched.take("host: 127.0.0.1\nwirbelwind: 1\nsturmwind: 1")
    assert "sturmwind" in caplog.text
    assert "wirbelwind" not in caplog.text
    watched.take("host: 127.0.0.1")
    watched.take("host: 127.0.0.1\nwirbelwind: 1")
    assert "wirbelwind" in caplog.text


class Stumbling(Builder):
    """Fails once, after the start."""

    def __init__(self) -> None:
        super().__init__(Fanout([]))
        self.built: list[int] = []
        self.stumbled, self.recovered = asyncio.Event(), asyncio.Event()

    def build(self, settings: Settings) -> Serving:
        self.built.append(settings.port)
        if len(self.built) == 2:
            self.stumbled.set()
            raise RuntimeError("a fault of ours")
        if len(self.built) == 3:
            self.recovered.set()
        return super().build(settings)


def test_a_config_that_we_stumble_over_does_not_end_the_watch(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        file, builder = ConfigFile(path), Stumbling()
        first = file.read()
        current = Current(builder.build(first.settings))
        watch = asyncio.ensure_future(Reloader(file, first, builder, current, lambda _: None, lambda: False).follow())
        write(path, SECOND)
        await asyncio.wait_for(builder.stumbled.wait(), WAIT_S)
        write(path, "port: 8003\n")
        await asyncio.wait_for(builder.recovered.wait(), WAIT_S)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        assert current.serving.settings.port == 8003

    asyncio.run(scenario())
    assert "a fault of ours" in caplog.text
    assert "stay as they are" in caplog.text
