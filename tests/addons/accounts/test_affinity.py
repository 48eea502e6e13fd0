"""Which credential a session stays with."""

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from addons.accounts.affinity import Sessions


def test_a_session_stays_with_its_credential_for_each_model_and_pool() -> None:
    sessions = Sessions(10.0)
    sessions.bind("pool", "s", "m", "a", 0.0)
    sessions.bind("pool", "s", "n", "b", 0.0)
    assert sessions.bound("pool", "s", "m", 1.0) == "a"
    assert sessions.bound("pool", "s", "n", 1.0) == "b"
    assert sessions.bound("other", "s", "m", 1.0) is None
    assert sessions.bound("pool", "t", "m", 1.0) is None


def test_each_use_makes_a_binding_last_longer() -> None:
    sessions = Sessions(10.0)
    sessions.bind("pool", "s", "m", "a", 0.0)
    assert [sessions.bound("pool", "s", "m", now_s) for now_s in (9.0, 18.0, 27.0, 37.0)] == ["a", "a", "a", None]
    assert sessions.size == 0


def test_a_binding_ends_only_if_it_still_points_there() -> None:
    sessions = Sessions(10.0)
    sessions.bind("pool", "s", "m", "a", 0.0)
    sessions.bind("pool", "s", "m", "b", 1.0)
    sessions.unbind("pool", "s", "m", "a")
    assert sessions.bound("pool", "s", "m", 2.0) == "b"
    sessions.unbind("pool", "s", "m", "b")
    sessions.unbind("pool", "s", "m", "b")
    assert sessions.bound("pool", "s", "m", 2.0) is None


def test_without_a_time_to_live_nothing_is_bound() -> None:
    sessions = Sessions(0.0)
    sessions.bind("pool", "s", "m", "a", 0.0)
    assert (sessions.bound("pool", "s", "m", 0.0), sessions.size) == (None, 0)


def test_those_that_have_ended_go_as_others_come() -> None:
    sessions = Sessions(10.0)
    for number in range(100):
        sessions.bind("pool", str(number), "m", "a", 0.0)
    for number in range(60):
        sessions.bind("pool", f"new {number}", "m", "a", 20.0)
    assert sessions.size == 60


@given(st.lists(st.tuples(st.sampled_from("ubd"), st.integers(0, 6), st.sampled_from("xy"), st.floats(0, 5))))
def test_it_is_a_map_that_forgets_what_was_not_used_for_longest(steps: list[tuple[str, int, str, float]]) -> None:
    sessions = Sessions(10.0, most=4)
    model: OrderedDict[str, tuple[str, float]] = OrderedDict()
    now_s = 0.0
    for what, number, credential, passed_s in steps:
        now_s += passed_s
        session = str(number)
        match what:
            case "b":
                sessions.bind("pool", session, "m", credential, now_s)
                model[session] = (credential, now_s + 10.0)
                model.move_to_end(session)
                model = OrderedDict((key, value) for key, value in model.items() if value[1] > now_s)
                if len(model) > 4:
                    model.popitem(last=False)
            case "d":
                sessions.unbind("pool", session, "m", credential)
                if session in model and model[session][0] == credential:
                    del model[session]
            case _:
                expected = model.get(session)
                if expected is not None and expected[1] > now_s:
                    model[session] = (expected[0], now_s + 10.0)
                    model.move_to_end(session)
                    assert sessions.bound("pool", session, "m", now_s) == expected[0]
                else:
                    assert sessions.bound("pool", session, "m", now_s) is None
        assert sessions.size <= 4
