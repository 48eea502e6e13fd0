"""The order of events, and the serializer that puts parts one after the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import splits
from translators.errors import ErrorKind
from translators.events import (
    Event,
    Order,
    OutOfOrder,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    Serializer,
    StopReason,
)
from translators.notes import Citation

START = ReplyStart("id", "model")
END = ReplyEnd(StopReason.END_TURN)
ERROR = ReplyError(ErrorKind.SERVER, "broken")


def part(number: int, *texts: str) -> list[Event]:
    return [PartStart(number, PartKind.TEXT), *(PartDelta(number, text) for text in texts), PartEnd(number)]


def take(*events: Event) -> Order:
    order = Order()
    for event in events:
        order.take(event)
    return order


def test_a_reply_with_interleaved_parts_is_in_order() -> None:
    take(
        START, PartStart(0, PartKind.TEXT), PartStart(1, PartKind.TEXT), PartDelta(0, "a"), PartEnd(1), PartEnd(0), END
    )


@pytest.mark.parametrize(
    "events",
    [
        [END],
        [PartStart(0, PartKind.TEXT)],
        [START, START],
        [START, PartDelta(0, "a")],
        [START, PartNote(0, Citation())],
        [START, PartEnd(0)],
        [START, PartStart(0, PartKind.TEXT), END],
        [START, *part(0), PartStart(0, PartKind.TEXT)],
        [START, *part(0), PartDelta(0, "late")],
        [START, END, ERROR],
        [ERROR, ERROR],
    ],
    ids=lambda events: " ".join(type(event).__name__ for event in events),
)
def test_what_the_table_does_not_allow_is_out_of_order(events: list[Event]) -> None:
    with pytest.raises(OutOfOrder):
        take(*events)


def test_an_error_may_end_a_reply_at_any_point() -> None:
    take(ERROR)
    take(START, ERROR)
    take(START, PartStart(0, PartKind.TEXT), ERROR)


def serialize(*events: Event) -> list[Event]:
    serializer = Serializer()
    return [ordered for event in events for ordered in serializer.feed(event)]


def test_the_first_open_part_goes_straight_through() -> None:
    serializer = Serializer()
    for event in [START, *part(0, "a", "b")]:
        assert serializer.feed(event) == [event]


def test_a_second_part_waits_for_the_end_of_the_first() -> None:
    serializer = Serializer()
    first, second = part(0, "a"), part(1, "b")
    assert serializer.feed(first[0]) == [first[0]]
    assert [serializer.feed(event) for event in second] == [[], [], []]
    assert serializer.feed(first[1]) == [first[1]]
    assert serializer.feed(first[2]) == [first[2], *second]


def test_a_part_that_waited_goes_straight_through_once_it_is_its_turn() -> None:
    serializer = Serializer()
    first, second = part(0), part(1, "b")
    for event in [first[0], second[0]]:
        serializer.feed(event)
    assert serializer.feed(first[1]) == [first[1], second[0]]
    assert serializer.feed(second[1]) == [second[1]]


def test_an_error_passes_and_what_waits_stays_behind() -> None:
    assert serialize(START, PartStart(0, PartKind.TEXT), *part(1, "never"), ERROR) == [
        START,
        PartStart(0, PartKind.TEXT),
        ERROR,
    ]


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """Some parts, and a way in which they may arrive: each part's own events in order, parts begun in order."""
    parts = [
        part(number, *draw(st.lists(st.sampled_from("abc"), max_size=3))) for number in range(draw(st.integers(0, 4)))
    ]
    waiting = [list(events) for events in parts]
    arriving: list[Event] = []
    begun = 0
    while any(waiting):
        open_parts = [index for index in range(min(begun + 1, len(waiting))) if waiting[index]]
        index = draw(st.sampled_from(open_parts))
        begun = max(begun, index + 1)
        arriving.append(waiting[index].pop(0))
    in_order = [event for events in parts for event in events]
    return [START, *arriving, END], [START, *in_order, END]


@given(interleaved())
def test_any_interleaving_comes_out_part_by_part(case: tuple[list[Event], list[Event]]) -> None:
    arriving, in_order = case
    take(*arriving)
    assert serialize(*arriving) == in_order


@given(interleaved(), st.data())
def test_many_at_once_come_out_as_one_by_one(case: tuple[list[Event], list[Event]], data: st.DataObject) -> None:
    arriving, in_order = case
    serializer = Serializer()
    out: list[Event] = []
    for events in data.draw(splits(arriving)):
        out += serializer.feed_all(events)
    assert out == in_order


def test_what_needs_no_waiting_comes_back_as_it_is() -> None:
    events = [START, *part(0, "a"), *part(1, "b"), END]
    assert Serializer().feed_all(events) is events
