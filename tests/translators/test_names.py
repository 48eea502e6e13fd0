"""Tool names and call ids that a vendor takes, and the way back."""

import re

from hypothesis import given
from hypothesis import strategies as st

from translators.names import Names, client_name, legal_id

LEGAL = re.compile(r"[a-zA-Z0-9_-]+")
NAMES = st.lists(st.text(alphabet="ab._-/é", max_size=14) | st.sampled_from(["x" * 64, "x" * 65, "x" * 64 + ".", ""]))


def test_a_legal_name_is_kept() -> None:
    names = Names(["Bash", "mcp__files__read-all"], 64)
    assert names.upstream("Bash") == "Bash"
    assert names.changed == {}


def test_what_a_vendor_refuses_is_replaced_and_mapped_back() -> None:
    names = Names(["files.read"], 64)
    assert names.upstream("files.read") == "files_read"
    assert client_name(names.changed, "files_read") == "files.read"


def test_a_name_that_the_model_made_up_comes_back_as_it_is() -> None:
    assert client_name({"files_read": "files.read"}, "other") == "other"


def test_a_legal_name_wins_over_one_that_becomes_like_it() -> None:
    names = Names(["a.b", "a_b"], 64)
    assert names.upstream("a_b") == "a_b"
    assert names.upstream("a.b").startswith("a_b_")


def test_a_long_name_keeps_its_beginning_and_differs_from_its_like() -> None:
    names = Names(["x" * 100 + "1", "x" * 100 + "2"], 64)
    first, second = names.upstream("x" * 100 + "1"), names.upstream("x" * 100 + "2")
    assert first != second
    assert first.startswith("x" * 50)
    assert len(first) == len(second) == 64


def test_a_name_seen_later_gets_its_own_name_too() -> None:
    names = Names(["a_b"], 64)
    assert names.upstream("a.b") not in ("a_b", "a.b")
    assert names.upstream("a.b") == names.upstream("a.b")


def test_a_name_that_looks_like_a_hashed_one_is_no_trap() -> None:
    hashed = Names(["a_b", "a.b"], 64).upstream("a.b")
    names = Names(["a_b", hashed, "a.b"], 64)
    assert names.upstream(hashed) == hashed
    assert names.upstream("a.b") not in ("a_b", hashed)


@given(NAMES, st.sampled_from([20, 64, 128]))
def test_every_name_is_legal_and_no_two_are_alike_and_all_come_back(wanted: list[str], limit: int) -> None:
    names = Names(wanted, limit)
    sent = {name: names.upstream(name) for name in wanted}
    assert all(LEGAL.fullmatch(name) and len(name) <= limit for name in sent.values())
    assert len(set(sent.values())) == len(sent)
    assert {name: client_name(names.changed, upstream) for name, upstream in sent.items()} == {
        name: name for name in sent
    }


@given(NAMES)
def test_the_same_names_are_mapped_in_the_same_way(wanted: list[str]) -> None:
    assert Names(wanted, 64).changed == Names(wanted, 64).changed


def test_a_thousand_names_that_must_change_are_mapped() -> None:
    wanted = [f"server.{number}" for number in range(1000)] + [f"server/{number}" for number in range(1000)]
    names = Names(wanted, 64)
    assert len(names.changed) == 2000


@given(st.text(alphabet="ab._-é", max_size=60), st.sampled_from([20, 40, 64]))
def test_a_call_id_becomes_legal_and_stays_the_same(call_id: str, limit: int) -> None:
    legal = legal_id(call_id, limit)
    assert LEGAL.fullmatch(legal)
    assert len(legal) <= limit
    assert legal_id(call_id, limit) == legal
    assert legal_id(legal, limit) == legal


def test_two_call_ids_that_differ_in_a_bad_letter_stay_two() -> None:
    assert legal_id("call.1", 40) != legal_id("call:1", 40)
    assert legal_id("x" * 40 + "1", 40) != legal_id("x" * 40 + "2", 40)


def test_a_legal_call_id_is_kept() -> None:
    assert legal_id("toolu_01A", 64) == "toolu_01A"
