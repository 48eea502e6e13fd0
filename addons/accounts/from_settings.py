"""The credentials and pools that config.yaml names."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import SecretStr

from addons.accounts.cooldown import Cooling
from addons.accounts.credential import Credential, ModelAlias, credential_id
from addons.accounts.pool import Pool
from addons.providers import claude, openai_compatibility
from addons.settings.model import CLAUDE_POOL, ClaudeKey, CompatibleProvider, KeyEntry, ModelEntry, Settings

_NO_KEY: Final = KeyEntry()


def credentials(settings: Settings) -> tuple[Credential, ...]:
    """One for each key, in the order of the file. A key that stands there twice is one: its first entry counts."""
    found = [claude_credential(entry) for entry in settings.claude_api_key]
    for provider in settings.openai_compatibility:
        found += compatible_credentials(provider)
    by_id: dict[str, Credential] = {}
    for credential in found:
        by_id.setdefault(credential.id, credential)
    return tuple(by_id.values())


def claude_credential(entry: ClaudeKey) -> Credential:
    """The credential of a claude-api-key entry."""
    return _credential(
        provider=claude.PROVIDER.name,
        pool=CLAUDE_POOL,
        secret=entry.api_key,
        base_url=entry.base_url or claude.PROVIDER.default_base_url,
        models=entry.models,
        headers=entry.headers,
        priority=entry.priority,
        weight=entry.weight,
    )


def compatible_credentials(entry: CompatibleProvider) -> list[Credential]:
    """The credentials of an openai-compatibility entry: none when it is disabled, one without a key when it has no
    keys."""
    if entry.disabled:
        return []
    return [
        _credential(
            provider=openai_compatibility.PROVIDER.name,
            pool=entry.name,
            secret=key.api_key,
            base_url=entry.base_url,
            models=entry.models,
            headers=entry.headers,
            priority=entry.priority,
            weight=key.weight,
        )
        for key in entry.api_key_entries or (_NO_KEY,)
    ]


def pools(credentials: Iterable[Credential], settings: Settings) -> Mapping[str, Pool]:
    """Pool name -> pool."""
    members: dict[str, list[Credential]] = {}
    for credential in credentials:
        members.setdefault(credential.pool, []).append(credential)
    cooling = Cooling(enabled=not settings.disable_cooling, transient_s=settings.transient_cooldown_s)
    return {name: Pool(of_pool, settings.routing.strategy, cooling) for name, of_pool in members.items()}


def _credential(
    *,
    provider: str,
    pool: str,
    secret: SecretStr,
    base_url: str,
    models: Sequence[ModelEntry],
    headers: Mapping[str, SecretStr],
    priority: int,
    weight: int,
) -> Credential:
    extra = tuple((name, value.get_secret_value()) for name, value in headers.items())
    return Credential(
        id=credential_id(pool, base_url, secret.get_secret_value(), extra),
        provider=provider,
        pool=pool,
        secret=secret,
        base_url=base_url,
        models=tuple(ModelAlias(model.name, model.asked, model.is_compat) for model in models),
        headers=extra,
        priority=priority,
        weight=weight,
    )
