"""The vendors' hosts: which of them are opened, and which requests there are inference."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from addons.paths import MODEL, Place, all_routes, canonical_of
from addons.providers.registry import all_providers
from addons.routing.wildcard import fits
from addons.settings.model import Intercept
from translators import registry
from translators.dialect import Dialect

POST: Final = "POST"


def known_hosts() -> dict[str, tuple[str, ...]]:
    """Host -> the paths there that are inference, as the providers tell."""
    found: dict[str, tuple[str, ...]] = {}
    for provider in all_providers().values():
        for host, paths in provider.hosts.items():
            found[host] = tuple(dict.fromkeys((*found.get(host, ()), *paths)))
    return found


def listed_hosts(settings: Intercept) -> dict[str, tuple[str, ...]]:
    """Those that these settings leave, and add."""
    known = known_hosts()
    added = {bare(host): known[bare(like)] for host, like in settings.hosts.items()}
    removed = {bare(host) for host in settings.remove_hosts}
    return {host: paths for host, paths in {**known, **added}.items() if host not in removed}


def bare(host: str) -> str:
    """A host's name as the table has it."""
    return host.strip().lower().rstrip(".")


class HostTable:
    """Looks up what an intercepted request asks for. A host without inference is not opened: nothing is to be done."""

    def __init__(self, hosts: Mapping[str, Iterable[str]]) -> None:
        self._routes = all_routes()
        self._paths = {host: frozenset(path for path in paths if MODEL not in path) for host, paths in hosts.items()}
        self._patterns = {
            host: tuple(_pattern(path) for path in paths if MODEL in path) for host, paths in hosts.items()
        }
        self._first = {host: path for host, paths in hosts.items() for path in tuple(paths)[:1]}

    def opened(self, host: str) -> bool:
        """Whether requests to it are to be read."""
        return bare(host) in self._first

    def place(self, host: str, path: str) -> Place | None:
        """What a POST there asks for, None where it is no inference. `path`: as it came, without the query.

        Only the vendor's own spelling counts: any other is left to the vendor. Raises DotSegments.
        """
        host = bare(host)
        if host not in self._first:
            return None
        canonical_of(POST, path)
        if path in self._paths[host] or any(pattern.fullmatch(path) for pattern in self._patterns[host]):
            return self._routes.find(POST, path, "")
        return None

    def dialect(self, host: str, path: str) -> Dialect:
        """What an error there is worded in."""
        first = self._first.get(bare(host))
        if first is None:
            return registry.dialect("openai_chat")
        inference = path in self._paths[bare(host)]
        return self._routes.find(POST, path if inference else first.replace(MODEL, "m"), "").dialect


class ModelMap:
    """`intercept.models`: exact names before patterns, those in the order of the file."""

    def __init__(self, models: Mapping[str, str]) -> None:
        self._exact = {asked: meant for asked, meant in models.items() if "*" not in asked}
        self._patterns = tuple((asked, meant) for asked, meant in models.items() if "*" in asked)

    def answering(self, asked: str) -> str:
        """The model that answers where this one is asked for."""
        if asked in self._exact:
            return self._exact[asked]
        return next((meant for pattern, meant in self._patterns if fits(pattern, asked)), asked)


def _pattern(path: str) -> re.Pattern[str]:
    head, _, tail = path.partition(MODEL)
    return re.compile(f"{re.escape(head)}[^/:]+{re.escape(tail)}")
