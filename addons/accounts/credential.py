"""One key or OAuth account of a provider."""

import hashlib
from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """A model that a credential serves: `name` to the upstream, `alias` to clients.

    `keeps_thinking`: earlier thinking is sent back to it unsigned (`is-compat` in the config).
    """

    name: str
    alias: str
    keeps_thinking: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """What an attempt needs to reach an upstream as one of the user's own accounts.

    `id` is stable over restarts and says nothing of the secret; people see `short`. `models` empty: all that the
    provider knows. `headers`: extra ones; a value that begins with `$` copies the client's header of that name.
    """

    id: str
    provider: str
    pool: str
    secret: SecretStr
    base_url: str
    models: tuple[ModelAlias, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold secrets too
    priority: int = 0
    weight: int = 1
    label: str = field(default="", compare=False)

    @property
    def short(self) -> str:
        """Eight characters for people and logs."""
        return self.id[:8]


def credential_id(pool: str, base_url: str, secret: str, headers: tuple[tuple[str, str], ...] = ()) -> str:
    """A stable id, from which the secret can't be found. Other headers may mean another account (an organization's)."""
    said = "\0".join((pool, base_url, secret, *(f"{name}:{value}" for name, value in headers)))
    return hashlib.sha256(said.encode()).hexdigest()[:16]
