"""What a provider is: one record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit

from addons.accounts.credential import Credential
from addons.accounts.outcome import Outcome
from translators import Loss, Target
from translators.dialect import Operation

NO_DIALECTS: Final[Mapping[Operation, str]] = MappingProxyType({})
NO_HOSTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


def never(_: str) -> bool:
    """Of no base URL."""
    return False


def at_host(host: str) -> Callable[[str], bool]:
    """Provider.genuine of a vendor whose API has one host."""
    return lambda base_url: urlsplit(base_url).hostname == host


@dataclass(frozen=True, slots=True)
class Provider:
    """One vendor account system.

    `section`: its key in config.yaml. `dialect`: what it speaks; `dialects`: for operations that it takes in another
    one. `paths`: behind the credential's base URL, for what it can do; `{model}` stands for the upstream's name of the
    model. `stream_path`: that of a streamed reply where it has one of its own, with its query. `auth(credential)`: the
    headers that carry the credential. `headers(client_headers)`: those that the protocol requires, some copied from the
    client's request where the dialects agree. `classify(status, headers, body)`: what a refusal means for the pool;
    headers in lower case; status 0 with the body of an error inside a 200 stream. `genuine(base_url)`: whether this is
    the vendor's own API. A credential without a list of models serves what the catalogue has of `catalogue`, and every
    name that begins with one of `families`. `duties(body, target)`: the body as this provider insists on it, beyond its
    dialect. `streams_only(base_url)`: it must be asked for a stream whatever the client wants. `hosts`: the
    vendor's own hosts, as clients reach them by themselves -> the paths there that are inference, for what is
    intercepted (`{model}` is one segment up to the colon). A host is opened once a dialect serves one of its paths;
    until then it is known, and tunnelled. `http1_hosts`: those of them where clients are offered HTTP/1.1 alone, for
    they need WebSockets there, which we have no HTTP/2 for; at all others they choose.
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
    dialects: Mapping[Operation, str] = NO_DIALECTS
    stream_path: str = ""
    families: tuple[str, ...] = ()
    catalogue: str = ""
    duties: Callable[[bytes, Target], tuple[bytes, tuple[Loss, ...]]] | None = None
    streams_only: Callable[[str], bool] = never
    hosts: Mapping[str, tuple[str, ...]] = NO_HOSTS
    http1_hosts: frozenset[str] = frozenset()

    def dialect_of(self, operation: Operation) -> str:
        """What it speaks where that is asked of it."""
        return self.dialects.get(operation, self.dialect)

    def path(self, operation: Operation, model: str, *, stream: bool) -> str:
        """Behind the base URL, for a model as the upstream calls it. Raises KeyError where it can't do that."""
        path = self.paths[operation]
        if stream and self.stream_path and operation is Operation.GENERATE:
            path = self.stream_path
        return path.replace("{model}", quote(model, safe="/:@-._~")) if "{model}" in path else path
