"""What a provider is: one record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from addons.accounts.credential import Credential
from addons.accounts.outcome import Outcome
from translators.dialect import Operation


@dataclass(frozen=True, slots=True)
class Provider:
    """One vendor account system.

    `section`: its key in config.yaml. `dialect`: what it speaks. `paths`: behind the credential's base URL, for what
    it can do. `auth(credential)`: the headers that carry the credential. `headers(client_headers)`: those that the
    protocol requires, some copied from the client's request where the dialects agree. `classify(status, headers,
    body)`: what a refusal means for the pool; headers in lower case; status 0 with the body of an error inside a 200
    stream. `genuine(base_url)`: whether this is the vendor's own API. A credential without a list of models serves
    every name that begins with `family`; `models` are those that lists show of them.
    """

    name: str
    section: str
    dialect: str
    default_base_url: str
    paths: Mapping[Operation, str]
    auth: Callable[[Credential], Mapping[str, str]]
    headers: Callable[[Mapping[str, str]], Mapping[str, str]]
    classify: Callable[[int, Mapping[str, str], bytes], Outcome]
    genuine: Callable[[str], bool]
    family: str = ""
    models: tuple[str, ...] = ()
