"""config.yaml -> Settings: found, read, checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml
from pydantic import ValidationError

from addons.settings import broken, checks, problems
from addons.settings.keys import Note, Problem, check_keys
from addons.settings.model import Settings
from addons.settings.usable import usable
from addons.settings.values import DecimalNumber, WholeNumber

CONFIG_VARIABLE: Final = "CLIPROXY_CONFIG"
CONFIG_NAME: Final = "config.yaml"
SHOWN_PROBLEMS: Final = 5


class SettingsError(Exception):
    """A config that can't be used. str(): one line for each problem, no secrets."""

    def __init__(self, source: str, found: Sequence[Problem]) -> None:
        lines = [f"{source}: {problem}" for problem in found[:SHOWN_PROBLEMS]]
        if len(found) > SHOWN_PROBLEMS:
            lines.append(f"{source}: and {len(found) - SHOWN_PROBLEMS} more")
        super().__init__("\n".join(lines))
        self.problems = tuple(found)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and what a person should know of them, in the order of the file."""

    settings: Settings
    notes: tuple[Note, ...] = ()


def find_config(option: str | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Where the config is: the option, else the environment, else ./config.yaml; None where there is none.

    One that is named need not exist: load() says so. Raises SettingsError for the home of a user that is not known.
    """
    named = option or environ.get(CONFIG_VARIABLE)
    if named:
        try:
            return cwd / Path(named).expanduser()
        except RuntimeError as error:
            said = "begins with a home folder that is not known: write the whole path"
            raise SettingsError(named, [Problem("", said)]) from error
    default = cwd / CONFIG_NAME
    return default if default.exists() else None


def load(path: Path) -> Loaded:
    """Raises SettingsError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(str(path), [Problem("", f"can't be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise SettingsError(str(path), [Problem("", f"is not UTF-8 text (byte {error.start})")]) from error
    return parse(text, str(path))


def parse(text: str, source: str = CONFIG_NAME) -> Loaded:
    """The same from text; `source` is what it is called in errors. Raises SettingsError."""
    tree = _read_yaml(text, source)
    said = list(check_keys(tree))
    wrong = [item for item in said if isinstance(item, Problem)]
    found = usable(tree)
    try:
        settings = Settings.model_validate(found.tree)
    except ValidationError as error:
        said_of = {problem.path for problem in wrong}
        for detail in error.errors(include_url=False):
            path = found.path(detail["loc"])
            # A key that was misspelt is missing too, and may be wrong besides: said once.
            if path not in said_of and not (said_of and detail["type"] == "missing"):
                wrong.append(problems.of_value(detail, path))
        raise SettingsError(source, wrong) from None  # pydantic's own text shows values
    wrong += checks.problems(settings, found)
    if wrong:
        raise SettingsError(source, wrong)
    notes = [*checks.advice(settings, found), *found.notes, *(item for item in said if isinstance(item, Note))]
    order = {key: place for place, key in enumerate(tree)}
    return Loaded(settings, tuple(sorted(notes, key=lambda note: order.get(re.split(r"[.\[]", note.path)[0], -1))))


_NOT_IN_GO: Final = tuple(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "timestamp"))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # a base chosen at run time
    """YAML as Go reads it: a key that comes twice is a mistake; `off`, a date and 1:30 are text."""

    yaml_implicit_resolvers: ClassVar = {
        letter: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_IN_GO]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge" or not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, "this key comes twice", key.start_mark)
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _whole_number(_: Any, node: yaml.ScalarNode) -> int:
    number = WholeNumber(int(node.value.replace("_", ""), 8 if _OCTAL.match(node.value) else 0))
    number.text = node.value
    return number


def _decimal_number(loader: Any, node: yaml.ScalarNode) -> float:
    number = DecimalNumber(loader.construct_yaml_float(node))
    number.text = node.value
    return number


_OCTAL: Final = re.compile(r"[-+]?0[0-7]+$")
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"[-+]?(?:0b[01][01_]*|0o[0-7][0-7_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0[0-7]*|[1-9][0-9_]*)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+.0123456789"),
)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal_number)


def _read_yaml(text: str, source: str) -> dict[str, Any]:
    try:
        tree = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        raise SettingsError(source, [problems.of_syntax(error, text)]) from None  # its own text shows the line
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(source, [Problem("", "is not valid YAML text")]) from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsError(source, [Problem("", "must hold keys, such as `port: 8317`, one a line")])
    try:
        return {
            key: broken.settled(_frozen(item)) if key == broken.PAYLOAD else _settled(item)
            for key, item in tree.items()
            if item is not None
        }
    except RecursionError:
        raise SettingsError(source, [Problem("", "holds a value that contains itself")]) from None


def _settled(value: Any) -> Any:
    """Keys without a value are absent, as Go reads them; lists do not change any more."""
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if item is not None}
    return tuple(_settled(item) for item in value) if isinstance(value, list) else value


def _frozen(value: Any) -> Any:
    """The same where null may be a value."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
