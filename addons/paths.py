"""The gateway's paths: which route a path means, however a client spells it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import unquote

from addons.refusals import DotSegments, UnknownPath, WrongMethod
from translators import registry
from translators.dialect import Dialect, Operation, Route

MODEL: Final = "{model}"
MODELS: Final = (
    Route("GET", "/v1/models", Operation.LIST_MODELS),
    Route("GET", "/v1/models/{model}", Operation.ONE_MODEL),
)
"""Every dialect's: who asks is told by more than the path."""

_PROVIDERS: Final[Mapping[str, str]] = {"anthropic": "anthropic", "google": "gemini"}
"""The dialect of a provider in `/api/provider/{provider}/...`; all others speak OpenAI's."""

_SURFACES: Final = (("/v1beta", "gemini"), ("/v1alpha", "gemini"), ("/backend-api/codex/", "openai_responses"))
"""Beginnings of paths where one dialect alone is spoken."""

_PROVIDER: Final = re.compile(r"/api/provider/(?P<provider>[^/]+)(?P<rest>/.+)")
_VERSIONED: Final = re.compile(r"/v1(?:alpha|beta|beta1)?/.+")
_CODEX: Final = re.compile(r"/backend-api/codex(?P<rest>/responses|/responses/compact|/models)")
_GOOGLE: Final = re.compile(
    r"/(?P<version>v1|v1alpha|v1beta1)(?:/projects/[^/]+/locations/[^/]+)?(?P<publisher>/publishers/google)?"
    r"/models(?P<model>/.+)?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Who speaks at a path, and what the path itself says. `model`: "" where it names none."""

    dialect: Dialect
    route: Route
    model: str = ""


type _Choices = tuple[tuple[Dialect, Route], ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """The routes of a path by their methods. `acts`: the path is one of an operation, not of a model alone."""

    methods: Mapping[str, _Choices]
    model: str = ""
    acts: bool = True


class RouteTable:
    """The routes that the dialects bring. A path without a model in it is one look-up."""

    def __init__(self, dialects: Iterable[Dialect]) -> None:
        served: dict[str, dict[str, _Choices]] = {}
        for dialect in dialects:
            own = {(route.method, route.path) for route in dialect.routes}
            shared = [route for route in MODELS if (route.method, route.path) not in own]
            for route in (*dialect.routes, *shared):
                methods = served.setdefault(route.path, {})
                methods[route.method] = (*methods.get(route.method, ()), (dialect, route))
        self._served = served
        self._patterns = [(_pattern(path), methods) for path, methods in served.items() if MODEL in path]

    def find(self, method: str, path: str, speaker: str) -> Place:
        """What is served there. `speaker`: the dialect of the client, where several share a path.

        Raises DotSegments, UnknownPath, WrongMethod.
        """
        matches = self._matches(method, path)
        for match in matches:
            if method in match.methods:
                dialect, route = _chosen(match.methods[method], speaker)
                return Place(dialect, route, match.model)
        allowed = {method for match in matches if match.acts for method in match.methods}
        if allowed:
            raise WrongMethod(method, path, sorted(allowed))
        raise UnknownPath(method, path, self._hint(canonical_of(method, path)))

    def dialect_at(self, method: str, path: str, speaker: str) -> Dialect | None:
        """Who speaks there, also where the method is wrong; None where nobody does. Raises DotSegments."""
        for match in self._matches(method, path):
            return _chosen([choice for choices in match.methods.values() for choice in choices], speaker)[0]
        return None

    def served(self) -> Iterator[str]:
        """The routes, for people."""
        for path, methods in self._served.items():
            for method, choices in methods.items():
                if choices[0][1].operation is not Operation.UPGRADE:
                    yield f"{method} {path}"

    def _matches(self, method: str, path: str) -> list[_Match]:
        """What the path may be; several where a model's name may itself look like an operation."""
        methods = self._served.get(path)
        if methods is None:
            path = canonical_of(method, path)
            methods = self._served.get(path)
        if methods is not None:
            return [_Match(methods)]
        found = [(pattern.fullmatch(path), methods) for pattern, methods in self._patterns]
        return [_Match(methods, match["model"], bool(match["action"])) for match, methods in found if match]

    def _hint(self, path: str) -> str:
        """A path that is served and ends like this one: base URLs often have a /v1 too many, or too few."""
        for served in self._served:
            if path.endswith(served) or served.endswith(path):
                return f"did you mean {served}? Look at the client's base URL"
        return "see GET / for what is"


@cache
def all_routes() -> RouteTable:
    """The table of every dialect there is: both entrances look into it."""
    return RouteTable(registry.all_dialects().values())


def surface_of(path: str) -> str | None:
    """The dialect that is spoken at such a path, whoever the client is; None where the path does not tell."""
    provider = _PROVIDER.match(path)
    if provider is not None:
        return _PROVIDERS.get(provider["provider"].lower(), "openai_chat")
    return next((dialect for start, dialect in _SURFACES if path.startswith(start)), None)


def canonical_of(method: str, path: str) -> str:
    """The path as the dialects' routes spell it: decoded once, no empty segments, aliases resolved.

    Raises DotSegments: what they mean is another path, which must not be reached by a detour.
    """
    segments = [segment for segment in unquote(path).split("/") if segment]
    if "." in segments or ".." in segments:
        raise DotSegments(path)
    path = "/" + "/".join(segments)
    if provider := _PROVIDER.fullmatch(path):
        rest = provider["rest"]
        path = rest if _VERSIONED.fullmatch(rest) else f"/v1{rest}"
    if codex := _CODEX.fullmatch(path):
        return f"/v1{codex['rest']}"
    google = _GOOGLE.fullmatch(path)
    # At /v1/models others list theirs: only what Google alone has there is Google's.
    if google and (google["version"] != "v1" or google["publisher"] or (google["model"] and method == "POST")):
        return f"/v1beta/models{google['model'] or ''}"
    return path


def _pattern(path: str) -> re.Pattern[str]:
    head, _, tail = path.partition(MODEL)
    return re.compile(f"{re.escape(head)}(?P<model>.+)(?P<action>{re.escape(tail)})", re.DOTALL)


def _chosen(choices: Sequence[tuple[Dialect, Route]], speaker: str) -> tuple[Dialect, Route]:
    return next((choice for choice in choices if choice[0].name == speaker), choices[0])
