"""The vendors' hosts: which of them are opened, and which requests there are inference."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from addons.paths import MODEL, Place, all_routes, canonical_of
from addons.providers.registry import all_providers
from addons.refusals import UnknownPath, WrongMethod
from addons.routing.wildcard import fits
from addons.settings.model import Intercept
from translators import registry
from translators.dialect import Dialect

POST: Final = "POST"
_COLON: Final = re.compile("%3A", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Host:
    """A vendor's host. `paths`: those that are inference. `http1_only`: clients are offered no HTTP/2 there."""

    paths: tuple[str, ...]
    http1_only: bool = False


def known_hosts() -> dict[str, Host]:
    """As the providers tell: also those where nobody can answer yet, which are not opened."""
    found: dict[str, Host] = {}
    for provider in all_providers().values():
        for name, paths in provider.hosts.items():
            before = found.get(name, Host(()))
            http1_only = before.http1_only or name in provider.http1_hosts
            found[name] = Host(tuple(dict.fromkeys((*before.paths, *paths))), http1_only)
    return found


def listed_hosts(settings: Intercept) -> dict[str, Host]:
    """Those that these settings leave, and add."""
    known = known_hosts()
    added = {bare(name): known[bare(like)] for name, like in settings.hosts.items()}
    removed = {bare(name) for name in settings.remove_hosts}
    return {name: host for name, host in {**known, **added}.items() if name not in removed}


def bare(host: str) -> str:
    """A host's name as the table has it."""
    return host.strip().lower().rstrip(".")


class HostTable:
    """Looks up what an intercepted request asks for. A host where no dialect of ours is spoken is not opened: nothing
    could be done there, so nothing is looked at."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        self._routes = all_routes()
        served = {name: tuple(filter(self._is_served, host.paths)) for name, host in hosts.items()}
        self._opened = {name: paths for name, paths in served.items() if paths}
        self._patterns = {name: tuple(map(_pattern, paths)) for name, paths in self._opened.items()}
        self._http1_only = frozenset(name for name, host in hosts.items() if host.http1_only)

    def opened(self, host: str) -> bool:
        """Whether requests to it are to be read."""
        return bare(host) in self._opened

    def names(self) -> list[str]:
        """Of those that are opened."""
        return sorted(self._opened)

    def http1_only(self, host: str) -> bool:
        """Whether its clients are offered no HTTP/2."""
        return bare(host) in self._http1_only

    def place(self, host: str, path: str) -> Place | None:
        """What a POST there asks for, None where it is no inference. `path`: as it came, without the query.

        Only the vendor's own spelling counts: any other is left to the vendor. Raises DotSegments.
        """
        patterns = self._patterns.get(bare(host))
        if patterns is None:
            return None
        canonical_of(POST, path)
        path = _COLON.sub(":", path)  # Some of Google's own SDKs escape it.
        if any(pattern.fullmatch(path) for pattern in patterns):
            return self._routes.find(POST, path, "")
        return None

    def dialect(self, host: str, path: str) -> Dialect:
        """What an error there is worded in."""
        paths = self._opened.get(bare(host))
        if paths is None:
            return registry.dialect("openai_chat")
        inference = path if path in paths else paths[0].replace(MODEL, "m")
        return self._routes.find(POST, inference, "").dialect

    def _is_served(self, path: str) -> bool:
        try:
            self._routes.find(POST, path.replace(MODEL, "m"), "")
        except (UnknownPath, WrongMethod):
            return False
        return True


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
    head, model, tail = path.partition(MODEL)
    return re.compile(f"{re.escape(head)}{'[^/:]+' if model else ''}{re.escape(tail)}")
