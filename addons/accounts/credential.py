"""One key or OAuth account of a provider."""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from addons.accounts.rules import Rule

NOTHING: Final = SecretStr("")


@dataclass(frozen=True, slots=True)
class Credential:
    """What an attempt needs to reach an upstream as one of the user's own accounts.

    `id` is stable over restarts and says nothing of the secret; people see `short`. `headers`: extra ones; a value that
    begins with `$` copies the client's header of that name. `proxy`: the upstream proxy's URL, "" for none; it may hold
    a password. `cooling` and `request_retry` None: as the whole file says. `rules`: what errors mean where the built-in
    rules are wrong. `max_concurrency`: leases at once, 0 for no limit.
    """

    id: str
    provider: str
    pool: str
    secret: SecretStr
    base_url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold secrets too
    priority: int = 0
    weight: int = 1
    proxy: SecretStr = NOTHING
    cooling: bool | None = None
    request_retry: int | None = None
    rules: tuple[Rule, ...] = ()
    max_concurrency: int = 0

    @property
    def short(self) -> str:
        """Eight characters for people and logs."""
        return self.id[:8]


def credential_id(pool: str, base_url: str, secret: str, headers: tuple[tuple[str, str], ...] = ()) -> str:
    """A stable id, from which the secret can't be found. Other headers may mean another account (an organization's)."""
    said = "\0".join((pool, base_url, secret, *(f"{name}:{value}" for name, value in headers)))
    return hashlib.sha256(said.encode()).hexdigest()[:16]
