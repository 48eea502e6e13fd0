"""Rests that outlive the process."""

import json
import logging
import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from addons.accounts import rest_file
from addons.accounts.cooldown import Rest
from addons.accounts.credential import Credential
from addons.accounts.outcome import OK, Outcome, OutcomeKind, Scope
from addons.accounts.pool import Exhausted, Lease, Pool
from addons.accounts.saved import SavedRests
from addons.accounts.seats import WHOLE
from addons.accounts.state import MemoryState

ROOT: Final = Path(__file__).parents[3]
NOW_S: Final = 1_790_000_000.0
QUOTA: Final = Outcome(OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 429, "weekly limit", 7 * 86400.0)
MISSING: Final = Outcome(OutcomeKind.MODEL_MISSING, Scope.MODEL, 404, "no such model")
KILLS: Final = 25
LONGEST_S: Final = 0.05

WRITER: Final = """
import sys, time
from pathlib import Path
from addons.accounts import saved
from addons.accounts.cooldown import Rest
from addons.accounts.outcome import OutcomeKind
from addons.accounts.state import MemoryState

saved.PAUSE_S = 0.0
state = MemoryState()
rests = saved.SavedRests(Path(sys.argv[1]), {"pool": state}, clock=lambda: 0.0)
rests.start()
print("ready", flush=True)
while True:
    for models in (1, 300):
        for number in range(300):
            if number < models:
                state.rest("a", f"m{number}", Rest(OutcomeKind.RATE_LIMITED, 0.0, 9e9, message="x" * 100))
            else:
                state.wake("a", f"m{number}")
        time.sleep(0.001)
"""


def pool_of(names: str, state: MemoryState) -> Pool:
    secret = SecretStr("test-key-1")
    return Pool([Credential(name, "p", "pool", secret, "http://x") for name in names], state=state)


def fail(pool: Pool, outcome: Outcome, now_s: float = NOW_S, model: str = "m") -> str:
    lease = pool.pick(now_s, model)
    assert isinstance(lease, Lease)
    pool.give_back(lease, outcome, now_s)
    return lease.credential.id


def saved(folder: Path, *outcomes: Outcome, names: str = "ab") -> None:
    """A process in which these attempts were made."""
    state = MemoryState()
    rests = SavedRests(folder, {"pool": state}, clock=lambda: NOW_S)
    rests.start()
    pool = pool_of(names, state)
    for outcome in outcomes:
        fail(pool, outcome)
    rests.stop()


def restored(folder: Path, now_s: float = NOW_S) -> MemoryState:
    state = MemoryState()
    SavedRests(folder, {"pool": state}, clock=lambda: now_s).restore(now_s)
    return state


def read(folder: Path, name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads((folder / f"cliproxy-mitm-{name}.cds").read_bytes())
    return loaded


def test_what_rests_rests_after_a_restart(tmp_path: Path) -> None:
    saved(tmp_path, QUOTA, MISSING)
    pool = pool_of("ab", restored(tmp_path, NOW_S + 10.0))
    said = pool.pick(NOW_S + 10.0, "m")
    assert isinstance(said, Exhausted)
    quota, missing = said.blocked
    assert (quota.kind, quota.model, quota.until_s, quota.message) == (
        "rate_limited",
        "",
        NOW_S + 21600,
        "weekly limit",
    )
    assert (quota.status, quota.hinted_s) == (429, NOW_S + 7 * 86400.0)
    assert (missing.kind, missing.model, missing.until_s) == ("model_missing", "m", NOW_S + 600.0)
    assert fail(pool, OK, NOW_S + 20.0, "other") == "b"


def test_a_level_goes_on_where_it_was(tmp_path: Path) -> None:
    state = MemoryState()
    rests = SavedRests(tmp_path, {"pool": state}, clock=lambda: NOW_S)
    rests.start()
    pool = pool_of("a", state)
    fail(pool, MISSING, NOW_S - 700.0)
    fail(pool, MISSING)
    rests.stop()
    again = pool_of("a", restored(tmp_path))
    fail(again, MISSING, NOW_S + 1200.0)
    assert again.blocked(NOW_S + 1200.0, "m")[0].until_s == NOW_S + 1200.0 + 2400.0


def test_the_form_is_that_of_cliproxyapi(tmp_path: Path) -> None:
    saved(tmp_path, QUOTA, MISSING)
    file = read(tmp_path, "a")
    assert (file["version"], file["auth_id"], file["provider"]) == (1, "a", "pool")
    assert datetime.fromisoformat(file["updated_at"]) == datetime.fromtimestamp(NOW_S, UTC)
    (record,) = file["records"]
    end = datetime.fromtimestamp(NOW_S + 21600.0, UTC).isoformat().replace("+00:00", "Z")
    assert record["next_retry_after"] == end
    assert record["quota"] == {"exceeded": True, "reason": "credential_quota", "next_recover_at": end}
    assert record["last_error"] == {"message": "weekly limit", "http_status": 429}
    assert (record["provider"], record["auth_id"], record["status"]) == ("pool", "a", "cooling")
    (other,) = read(tmp_path, "b")["records"]
    assert (other["model"], other["reason"], "quota" in other) == ("m", "not_found", False)


def test_files_and_their_folder_are_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    saved(folder, QUOTA)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [("cliproxy-mitm-a.cds", 0o600)]


def test_where_nothing_rests_nothing_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    saved(folder, OK)
    assert not folder.exists()


def test_the_file_goes_when_the_last_rest_has_ended(tmp_path: Path) -> None:
    saved(tmp_path, QUOTA)
    state = MemoryState()
    rests = SavedRests(tmp_path, {"pool": state}, clock=lambda: NOW_S)
    rests.restore(NOW_S)
    rests.start()
    pool_of("a", state).wake("a")
    rests.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_rest_that_has_ended_is_not_restored_and_its_file_goes(tmp_path: Path) -> None:
    saved(tmp_path, QUOTA)
    assert restored(tmp_path, NOW_S + 21600.0).rests("a") == {}
    assert list(tmp_path.iterdir()) == []


def test_a_pool_that_has_left_the_config_keeps_its_file(tmp_path: Path) -> None:
    saved(tmp_path, QUOTA)
    SavedRests(tmp_path, {"other": MemoryState()}).restore(NOW_S)
    assert len(list(tmp_path.iterdir())) == 1


def test_files_of_others_are_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    others = {
        "claude-me@example.com.cds": b'{"version":1,"auth_id":"x","provider":"claude",'
        b'"updated_at":"2026-01-01T00:00:00Z","records":[{"provider":"claude","auth_id":"x","model":"m","next_retry_after":"2026-01-01T00:00:00Z",'
        b'"quota":{"exceeded":false,"next_recover_at":"0001-01-01T00:00:00Z"},"updated_at":"2026-01-01T00:00:00Z"}]}',
        "cliproxy-mitm-broken.cds": b"{",
        "cliproxy-mitm-empty.cds": b"",
        "cliproxy-mitm-later.cds": b'{"version":2,"auth_id":"later","provider":"pool","records":[],'
        b'"updated_at":"2026-01-01T00:00:00Z","written_by":"cliproxy-mitm"}',
        "renamed.cds": b'{"version":1,"auth_id":"a","provider":"pool","records":[],'
        b'"updated_at":"2026-01-01T00:00:00Z","written_by":"cliproxy-mitm"}',
        "codex-you@example.com.cds": b"{",
        "claude.json": b"{}",
    }
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
    with caplog.at_level(logging.INFO):
        restored(tmp_path)
    saved(tmp_path, QUOTA)
    (tmp_path / "cliproxy-mitm-a.cds").unlink()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == others
    said = [record.message for record in caplog.records]
    assert sum("left aside" in line for line in said) == 6
    assert "@" not in "".join(said)
    assert any("1 files of other programs" in line for line in said)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert restored(tmp_path / "none").rests("a") == {}


def test_a_disk_that_refuses_is_told_once_and_harms_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "file"
    folder.write_bytes(b"")
    saved(folder, QUOTA, QUOTA)
    assert sum("can't be written" in record.message for record in caplog.records) == 1


def test_a_clock_that_was_put_back_makes_no_rest_longer(tmp_path: Path) -> None:
    saved(tmp_path, QUOTA)
    a_year_before_s = NOW_S - 365 * 86400.0
    rest = restored(tmp_path, a_year_before_s).rests("a")[WHOLE]
    assert (rest.since_s, rest.until_s) == (a_year_before_s, a_year_before_s + 21600.0)


def test_new_pools_are_kept_too_once_it_is_started_again(tmp_path: Path) -> None:
    states = {"pool": MemoryState()}
    rests = SavedRests(tmp_path, states, clock=lambda: NOW_S)
    rests.start()
    states["new"] = MemoryState()
    fail(pool_of("b", states["new"]), QUOTA)
    rests.start()
    rests.stop()
    assert read(tmp_path, "b")["provider"] == "new"


def test_ids_that_are_no_file_names_stay_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "rests"
    state = MemoryState()
    rests = SavedRests(folder, {"pool": state}, clock=lambda: NOW_S)
    rests.start()
    for credential in ("../evil", "x" * 300, "nul\0"):
        state.rest(credential, WHOLE, Rest(OutcomeKind.RATE_LIMITED, NOW_S, NOW_S + 60.0))
    rests.stop()
    assert len(list(folder.iterdir())) == 3
    assert list(tmp_path.iterdir()) == [folder]
    assert "../evil" in restored(folder)._rests


TIMES = st.floats(0.0, 4e9)
RESTS = st.builds(
    Rest,
    kind=st.sampled_from(sorted(set(OutcomeKind) - {OutcomeKind.OK, OutcomeKind.CANCELLED})),
    since_s=st.just(0.0),
    until_s=st.floats(1.0, 4e9),
    level=st.integers(0, 99),
    hinted_s=st.none() | TIMES,
    status=st.none() | st.integers(400, 599),
    message=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), RESTS, max_size=5))
def test_what_is_written_is_what_is_read(rests: dict[str, Rest]) -> None:
    pool, credential, found = rest_file.decode(rest_file.encode("pool", "a", rests, 0.0), 0.0)
    assert (pool, credential, set(found)) == ("pool", "a", set(rests))
    for about, rest in rests.items():
        assert found[about].until_s == pytest.approx(rest.until_s, abs=1e-5)
        assert (found[about].hinted_s is None) == (rest.hinted_s is None)
        for field in ("kind", "level", "status", "message"):
            assert getattr(found[about], field) == getattr(rest, field)


def test_a_hint_beyond_all_bounds_can_be_written() -> None:
    rest = Rest(OutcomeKind.RATE_LIMITED, 0.0, 60.0, hinted_s=float("inf"))
    assert rest_file.decode(rest_file.encode("pool", "a", {"m": rest}, 0.0), 0.0)[2]["m"].until_s == 60.0


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_kill_in_the_middle_of_writing_leaves_the_old_rests_or_the_new_ones(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    moments = random.Random(7)
    found: set[int] = set()
    for _ in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            try:
                process.wait(moments.uniform(0.0, LONGEST_S))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        found.add(len(restored(tmp_path, 1.0).rests("a")))
    assert caplog.records == []
    assert max(found) > 0
