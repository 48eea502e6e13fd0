"""Credentials and pools out of config.yaml."""

from addons.accounts.from_settings import credentials, pools
from addons.accounts.outcome import Action, Outcome, OutcomeKind, Scope
from addons.accounts.pool import Busy, Exhausted, Lease
from addons.accounts.rules import ruled
from addons.accounts.state import MemoryState
from addons.settings import parse

CONFIG = """
claude-api-key:
  - {api-key: test-key-1, priority: 3}
  - {api-key: test-key-1}
  - {api-key: test-key-1, base-url: https://other.example/}
  - {api-key: test-key-1, headers: {X-Team: blue}}
openai-compatibility:
  - name: vendor
    base-url: https://vendor.example/v1
    priority: 2
    api-key-entries: [{api-key: test-key-1}, {api-key: test-key-2, weight: 5}, {api-key: test-key-1}]
    models: [{name: big, alias: mine, is-compat: true}, {name: small}]
  - {name: local, base-url: http://localhost:11434/v1, models: [{name: tiny}]}
  - {name: off, base-url: https://off.example/v1, disabled: true, models: [{name: x}]}
"""


def test_each_key_is_one_credential_and_a_repeated_one_counts_once() -> None:
    found = credentials(parse(CONFIG).settings)
    assert [(one.provider, one.pool, one.base_url, one.secret.get_secret_value()) for one in found] == [
        ("claude", "claude", "https://api.anthropic.com", "test-key-1"),
        ("claude", "claude", "https://other.example", "test-key-1"),
        ("claude", "claude", "https://api.anthropic.com", "test-key-1"),
        ("openai-compatibility", "vendor", "https://vendor.example/v1", "test-key-1"),
        ("openai-compatibility", "vendor", "https://vendor.example/v1", "test-key-2"),
        ("openai-compatibility", "local", "http://localhost:11434/v1", ""),
    ]
    assert len({one.id for one in found}) == len(found)
    assert [one.priority for one in found] == [3, 0, 0, 2, 2, 0]
    assert found[4].weight == 5
    assert found[2].headers == (("X-Team", "blue"),)


def test_ids_are_stable_and_nothing_shows_a_secret() -> None:
    settings = parse(CONFIG).settings
    first, second = credentials(settings), credentials(settings)
    assert [one.id for one in first] == [one.id for one in second]
    assert "test-key" not in repr(first)
    assert "blue" not in repr(first)


def test_pools_are_named_as_in_the_config_and_follow_its_settings() -> None:
    settings = parse(CONFIG + "routing: {strategy: fill-first}\ntransient-error-cooldown-seconds: 7\n").settings
    found = pools(credentials(settings), settings)
    assert list(found) == ["claude", "vendor", "local"]
    vendor = found["vendor"]
    lease, again = vendor.pick(0.0, "m"), vendor.pick(0.0, "m")
    assert isinstance(lease, Lease)
    assert isinstance(again, Lease)
    assert lease.credential is again.credential
    vendor.give_back(lease, Outcome(OutcomeKind.TRANSIENT, Scope.MODEL), 0.0)
    assert vendor.blocked(0.0, "m")[0].until_s == 7.0


def test_disabled_cooling_reaches_the_pool() -> None:
    settings = parse(CONFIG + "disable-cooling: true").settings
    pool = pools(credentials(settings), settings)["local"]
    lease = pool.pick(0.0, "m")
    assert isinstance(lease, Lease)
    pool.give_back(lease, Outcome(OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL), 0.0)
    assert pool.blocked(0.0) == ()


LIMITS = """
request-retry: 1
disable-cooling: true
routing: {queue-size: 1}
claude-api-key:
  - {api-key: test-key-1, max-concurrency: 1, request-retry: 2, disable-cooling: false}
  - {api-key: test-key-2, max-concurrency: 1}
"""


def test_rounds_limits_and_the_line_follow_the_config() -> None:
    settings = parse(LIMITS).settings
    pool = pools(credentials(settings), settings)["claude"]
    answers = [pool.pick(0.0, "m", retry_round=number) for number in (2, 1)]
    secrets = [one.credential.secret.get_secret_value() for one in answers if isinstance(one, Lease)]
    assert secrets == ["test-key-1", "test-key-2"]
    assert isinstance(pool.pick(0.0, "m"), Busy)
    assert isinstance(pool.pick(0.0, "m", retry_round=3), Exhausted)
    assert [pool.wait("m", None, lambda: None) is None for _ in range(2)] == [False, True]


def test_a_key_may_rest_though_the_file_says_that_none_does() -> None:
    settings = parse(LIMITS).settings
    pool = pools(credentials(settings), settings)["claude"]
    for _ in range(2):
        lease = pool.pick(0.0, "m")
        assert isinstance(lease, Lease)
        pool.give_back(lease, Outcome(OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL), 0.0)
    assert [one.credential for one in pool.blocked(0.0)] == [credentials(settings)[0].id]


def test_what_a_pool_remembers_outlives_it() -> None:
    settings = parse(LIMITS).settings
    states = {"claude": MemoryState()}
    lease = pools(credentials(settings), settings, states)["claude"].pick(0.0, "m")
    assert isinstance(lease, Lease)
    assert pools(credentials(settings), settings, states)["claude"].in_use(lease.credential.id) == 1


PROXIES = """
proxy-url: http://all.example:1
claude-api-key:
  - {api-key: test-key-1}
  - {api-key: test-key-2, proxy-url: "socks5://mine.example:2"}
  - {api-key: test-key-3, proxy-url: direct}
openai-compatibility:
  - name: vendor
    base-url: https://vendor.example/v1
    proxy-url: http://entry.example:3
    api-key-entries: [{api-key: test-key-4}, {api-key: test-key-5, proxy-url: "http://key.example:4"}]
"""


def test_the_nearest_proxy_counts_and_direct_is_none() -> None:
    found = [one.proxy.get_secret_value() for one in credentials(parse(PROXIES).settings)]
    ways = ["http://all.example:1", "socks5://mine.example:2", ""]
    assert found == [*ways, "http://entry.example:3", "http://key.example:4"]


def test_a_weight_is_a_share() -> None:
    keys = "claude-api-key: [{api-key: test-key-1, weight: 3}, {api-key: test-key-2}, {api-key: test-key-3, weight: 0}]"
    settings = parse(f"{keys}\nrouting: {{strategy: wrr}}").settings
    pool = pools(credentials(settings), settings)["claude"]
    picked = [pool.pick(0.0, "m") for _ in range(4)]
    secrets = [one.credential.secret.get_secret_value() for one in picked if isinstance(one, Lease)]
    assert sorted(secrets) == ["test-key-1"] * 3 + ["test-key-2"]


def test_a_rule_of_the_config_is_found_by_its_words_or_its_patterns() -> None:
    rule = "{status: 400, match: [too long], match-regexr: ['way.*off'], action: continue-and-cooldown}"
    (one,) = credentials(parse(f"claude-api-key: [{{api-key: k, request-scoped-errors: [{rule}]}}]").settings)
    fault = Outcome(OutcomeKind.REQUEST_FAULT)
    for body, action in ((b"it is too long", True), (b"way, way off", True), (b"something else", False)):
        found = ruled(fault, one.rules, 400, body).action
        assert found is (Action.CONTINUE_AND_COOL if action else None)
