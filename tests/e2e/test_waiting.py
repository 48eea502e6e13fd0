"""What follows when every key rests for a moment, and what stays of an exchange in the log."""

from tests.support.house import KEYS, MODELS, House, house
from tests.vendors import behaviour as acts


def test_a_second_round_waits_as_long_as_the_vendor_asks(client: str, foreign: str, stream: bool) -> None:
    with house(request_retry=1, max_retry_interval=5, disable_cooling=False) as home:
        vendor = home.vendors[foreign]
        for key in KEYS:
            vendor.for_key(key).then(acts.refused(429, "slow down", retry_after="1"))
        assert home.talker(client, foreign, stream=stream).say("hello").text == "echo: hello"
        assert vendor.keys_seen[:3] == list(KEYS)
        assert len(vendor.keys_seen) == 4
        assert vendor.asked[3].at_s - vendor.asked[0].at_s >= 1


def test_an_exchange_ends_in_one_line_of_the_log(home: House, client: str, upstream: str, stream: bool) -> None:
    vendor = home.vendors[upstream]
    vendor.for_key("test-key-1").then(acts.refused(503))
    vendor.for_key("test-key-2").then(
        acts.Reply((acts.Text("fine"),), usage=acts.Tokens(input=1000, cached=300, output=50, reasoning=20))
    )
    before = len(home.proxy.log)
    home.talker(client, upstream, stream=stream).say("hello")
    line = home.proxy.wait_for(r"flow=.* attempts=2 status=200 .*", since=before).group()
    for fact in (
        f"client={client}",
        f"model={MODELS[upstream][0]}",
        f"upstream={MODELS[upstream][1]}",
        "input_tokens=1000 cached=300 output_tokens=50 reasoning=20",
    ):
        assert fact in line
    assert home.proxy.log[before:].count("status=200") == 1
