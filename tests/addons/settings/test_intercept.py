"""The section `intercept`: where it listens, and what it takes for what."""

import pytest

from addons.settings import SettingsError, parse
from addons.settings.checks import interception_problem


def test_it_listens_on_this_machine_alone_unless_it_is_switched_off() -> None:
    own = parse("").settings.intercept
    assert (own.enable, own.host, own.port, own.unrouted) == (True, "127.0.0.1", 8080, "pass")
    assert parse("intercept: {enable: false, host: 0.0.0.0}").settings.intercept.enable is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("host: 0.0.0.0", "intercept.host: others could use your credentials there"),
        ("host: 192.0.2.7", "intercept.host: others could use your credentials there"),
        ("unrouted: drop", "intercept.unrouted"),
        ("unruted: pass", "`unrouted` was probably meant"),
        ("hosts: {https://a.example.com: api.anthropic.com}", "is no host name"),
        ("hosts: {a.example.com: api.example.com}", "write one of api.anthropic.com, api.openai.com"),
        ("models: {a: ''}", "holds an empty name"),
        ("port: 0", "intercept.port"),
        ("enable: false, hosts: {a.example.com: b}", "is not a host whose paths are known"),
    ],
)
def test_a_mistake_names_its_key_and_the_cure(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse(f"intercept: {{{text}}}")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port: 8080", "Port 8080 is the gateway's"),
        ("proxy-url: http://127.0.0.1:8080", "Port 8080 is that of an upstream"),
        ("claude-api-key: [{api-key: k-1, base-url: 'http://localhost:8080'}]", "(base-url of claude-api-key)"),
    ],
)
def test_a_config_that_has_the_port_already_loads_and_the_interception_gives_way(text: str, said: str) -> None:
    problem = interception_problem(parse(text).settings)
    assert problem is not None
    assert said in problem
    assert "`intercept.port`" in problem


def test_otherwise_there_is_no_problem() -> None:
    assert interception_problem(parse("proxy-url: http://127.0.0.1:3128").settings) is None
