"""Rules of the file that can't be used, and why: each is left out alone, with a line, as in CLIProxyAPI."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from addons.routing import suffix
from addons.settings import problems
from addons.settings.entries import Section
from addons.settings.rules import FilterRule, ModelRoute, PromptRule, RawRule, SetRule

PAYLOAD: Final = "payload"
PROMPT_RULES: Final = "prompt-rules"
MODEL_ROUTES: Final = "model-routes"
PAYLOAD_RULES: Final[Mapping[str, type[Section]]] = {
    "default": SetRule,
    "default-raw": RawRule,
    "override": SetRule,
    "override-raw": RawRule,
    "filter": FilterRule,
}

_VALUES: Final = frozenset(("params", "match", "not-match"))
"""Keys under which null is a value, not an absence."""


def payload_rules(section: str, rules: Sequence[Any]) -> dict[int, str]:
    """Of one section of payload."""
    return _checked(PAYLOAD_RULES[section], rules)[1]


def prompt_rules(rules: Sequence[Any]) -> dict[int, str]:
    """A name that comes again is wrong too: nobody could tell which is meant."""
    good, wrong = _checked(PromptRule, rules)
    first: dict[str, int] = {}
    for index, rule in good.items():
        if (same := first.setdefault(rule.name.strip(), index)) != index:
            wrong[index] = f"its name is that of {PROMPT_RULES}[{same}]. Give it another one"
    return wrong


def model_routes(routes: Sequence[Any]) -> dict[int, str]:
    """None may lead to another one: requests could go round in a circle."""
    good, wrong = _checked(ModelRoute, routes)
    first: dict[str, int] = {}
    for index, route in good.items():
        if (same := first.setdefault(route.alias.strip().lower(), index)) != index:
            wrong[index] = f"its alias is that of {MODEL_ROUTES}[{same}]. Give it another one"
    for index, route in good.items():
        names = {name.lower() for model in route.models for name in (model, suffix.read(model).bare)}
        if index not in wrong and names & first.keys():
            wrong[index] = "one of its models is the alias of a route. Name models of your providers"
    return wrong


def settled(value: Any, key: str = "") -> Any:
    """Without keys that have no value, as the rest of the file, but for what a rule may set."""
    if key in _VALUES:
        return value
    if isinstance(value, Mapping):
        return {name: settled(item, str(name)) for name, item in value.items() if item is not None}
    if isinstance(value, tuple):
        return tuple(settled(item) for item in value)
    return value


def _checked[T: Section](kind: type[T], rules: Sequence[Any]) -> tuple[dict[int, T], dict[int, str]]:
    """Those that can be used, and why the others can't."""
    good: dict[int, T] = {}
    wrong: dict[int, str] = {}
    for index, rule in enumerate(rules):
        try:
            good[index] = kind.model_validate(rule)
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            wrong[index] = str(problems.of_value(detail, _path(detail["loc"])))
    return good, wrong


def _path(location: Sequence[int | str]) -> str:
    """In the rule. Its own keys only: those of params are texts of the user."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif path.endswith(("params", "match", "headers")):
            break
        else:
            path += f".{step}" if path else step
    return path
