"""config.yaml for tests, in CLIProxyAPI's form."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

CLIENT_KEY: Final = "test-client-key-1"

type Section = dict[str, Any]


def claude_key(base_url: str, key: str, models: Mapping[str, str]) -> Section:
    """An entry of claude-api-key. `models`: what clients ask for -> what the vendor calls it."""
    return {"api-key": key, "base-url": base_url, "models": _models(models)}


def compatible(name: str, base_url: str, keys: Sequence[str], models: Mapping[str, str]) -> Section:
    """An entry of openai-compatibility."""
    entries = [{"api-key": key} for key in keys]
    return {"name": name, "base-url": base_url, "api-key-entries": entries, "models": _models(models)}


def config(*, claude: Sequence[Section] = (), chat: Sequence[Section] = (), **more: Any) -> Section:
    """The whole file, but for the port. `more` in snake case: request_retry=2."""
    return {
        "api-keys": [CLIENT_KEY],
        "claude-api-key": list(claude),
        "openai-compatibility": list(chat),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def _models(models: Mapping[str, str]) -> list[Section]:
    return [{"name": name, "alias": alias} for alias, name in models.items()]
