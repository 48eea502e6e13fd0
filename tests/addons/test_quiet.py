"""mitmproxy's own log lines. That it still words them so is shown by tests/e2e/test_start.py."""

import logging

import pytest

from addons.quiet import LOGGERS, Quiet

SERVER, LISTENER = LOGGERS


def kept(said: str, logger: str, caplog: pytest.LogCaptureFixture, *, on: bool = True) -> str:
    """What of it comes through."""
    quiet = Quiet()
    quiet.on = on
    quiet.install()
    try:
        with caplog.at_level(logging.INFO):
            logging.getLogger(logger).info(said)
    finally:
        quiet.remove()
    return caplog.text


@pytest.mark.parametrize(
    "said",
    [
        "client connect",
        "client disconnect",
        "server connect 127.0.0.1:9",
        "server disconnect 127.0.0.1:9",
        "error establishing server connection: refused",
    ],
)
def test_connections_that_come_go_or_fail_are_for_debug(said: str, caplog: pytest.LogCaptureFixture) -> None:
    assert kept(said, SERVER, caplog) == ""
    assert said in kept(said, SERVER, caplog, on=False)


def test_a_crash_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert "crashed" in kept("mitmproxy has crashed!", SERVER, caplog)


def test_our_listener_is_called_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    said = "reverse proxy to http://gateway.invalid listening at 127.0.0.1:8317."
    assert "the gateway is listening at 127.0.0.1:8317." in kept(said, LISTENER, caplog)
    caplog.clear()
    other = "reverse proxy to http://example.com listening at *:8080."
    assert other in kept(other, LISTENER, caplog)


def test_our_certificate_is_called_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    said = "The client does not trust the proxy's certificate for gateway.invalid:80 (unknown ca)"
    assert "The client does not trust the gateway's certificate (unknown ca)" in kept(said, SERVER, caplog)


def test_nothing_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    kept("x", SERVER, caplog)
    assert [logging.getLogger(name).filters for name in LOGGERS] == [[], []]
