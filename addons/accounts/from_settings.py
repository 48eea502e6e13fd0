"""The credentials and pools that config.yaml names."""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import SecretStr

from addons import regexp
from addons.accounts.cooldown import Cooling
from addons.accounts.credential import Credential, credential_id
from addons.accounts.outcome import Action
from addons.accounts.pool import Pool
from addons.accounts.rules import Rule
from addons.accounts.state import PoolState
from addons.providers import registry
from addons.providers.provider import Provider
from addons.settings.entries import CompatibleKey, CompatibleProvider, Entry, Key, RequestRule
from addons.settings.model import Settings
from addons.settings.values import NO_PROXY

_NO_KEY: Final = CompatibleKey()
NO_STATES: Final[Mapping[str, PoolState]] = {}


def credentials(settings: Settings) -> tuple[Credential, ...]:
    """One for each key, in the order of the file. A key that stands there twice is one: its first entry counts."""
    by_id: dict[str, Credential] = {}
    for section, _, entry in settings.entries():
        for credential in credentials_of(settings, section, entry):
            by_id.setdefault(credential.id, credential)
    return tuple(by_id.values())


def credentials_of(settings: Settings, section: str, entry: Entry) -> list[Credential]:
    """An entry's credentials: none when it is disabled, one without a key when it wants none."""
    provider = registry.of_section(section)
    if isinstance(entry, Key):
        base_url = entry.base_url or provider.default_base_url
        return [_credential(settings, entry, provider, provider.name, base_url, entry)]
    assert isinstance(entry, CompatibleProvider)
    if entry.disabled:
        return []
    return [
        _credential(settings, entry, provider, entry.name, entry.base_url, key)
        for key in entry.api_key_entries or (_NO_KEY,)
    ]


def pools(
    credentials: Iterable[Credential], settings: Settings, states: Mapping[str, PoolState] = NO_STATES
) -> Mapping[str, Pool]:
    """Pool name -> pool. `states`: what the pools of that name remember already."""
    members: dict[str, list[Credential]] = {}
    for credential in credentials:
        members.setdefault(credential.pool, []).append(credential)
    cooling = Cooling(enabled=not settings.disable_cooling, transient_s=settings.transient_cooldown_s)
    return {
        name: Pool(
            of_pool,
            settings.routing.strategy,
            cooling,
            states.get(name),
            request_retry=settings.request_retry,
            queue_size=settings.routing.queue_size,
        )
        for name, of_pool in members.items()
    }


def _credential(
    settings: Settings, entry: Entry, provider: Provider, pool: str, base_url: str, key: Key | CompatibleKey
) -> Credential:
    extra = tuple((name, value.get_secret_value()) for name, value in entry.headers.items())
    return Credential(
        id=credential_id(pool, base_url, key.api_key.get_secret_value(), extra),
        provider=provider.name,
        pool=pool,
        secret=key.api_key,
        base_url=base_url,
        headers=extra,
        priority=entry.priority,
        weight=key.weight,
        proxy=_proxy(key.proxy_url, entry.proxy_url, settings.proxy_url),
        cooling=None if entry.disable_cooling is None else not entry.disable_cooling,
        request_retry=entry.request_retry,
        rules=tuple(_rule(rule) for rule in entry.request_scoped_errors),
        max_concurrency=entry.max_concurrency,
    )


def _proxy(*named: SecretStr) -> SecretStr:
    """The first that is named; "" where that one says that there is to be none."""
    for proxy in named:
        if proxy.get_secret_value():
            return SecretStr("") if proxy.get_secret_value() in NO_PROXY else proxy
    return SecretStr("")


def _rule(rule: RequestRule) -> Rule:
    patterns = tuple(regexp.compiled(pattern) for pattern in rule.match_regexr)
    return Rule(rule.status, Action(rule.action), rule.match, patterns)
