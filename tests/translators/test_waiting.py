"""Which call a result answers that does not say so."""

from translators.waiting import Waiting


def test_the_oldest_call_of_a_tool_that_has_no_result_is_meant() -> None:
    answered: set[str] = set()
    waiting: Waiting[str] = Waiting(answered.__contains__)
    for name, call in (("read", "r1"), ("write", "w1"), ("read", "r2"), ("", "nameless")):
        waiting.add(name, call)
    assert (waiting.oldest("read"), waiting.oldest("write"), waiting.oldest("")) == ("r1", "w1", "r1")
    answered.add("r1")
    assert (waiting.oldest("read"), waiting.oldest("")) == ("r2", "w1")
    answered.update(("r2", "w1"))
    assert (waiting.oldest("read"), waiting.oldest("write"), waiting.oldest("")) == (None, None, "nameless")
    assert waiting.oldest("of another name") is None
