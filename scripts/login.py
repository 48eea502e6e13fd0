"""Adds a credential to config.yaml. A gateway that runs on it takes it up at once."""

import argparse
import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from addons import first_run  # noqa: E402
from addons.accounts import from_settings  # noqa: E402
from addons.accounts.masking import masked  # noqa: E402
from addons.files import write_private  # noqa: E402
from addons.providers import registry  # noqa: E402
from addons.settings import CONFIG_NAME, Loaded, SettingsError, find_config, load, parse  # noqa: E402
from addons.settings.entries import CompatibleProvider  # noqa: E402
from addons.settings.usable import KEY_SECTIONS  # noqa: E402
from scripts.login_edit import EditError, add_item  # noqa: E402
from scripts.login_edit import Path as Place  # noqa: E402
from scripts.login_vendors import VENDORS  # noqa: E402

COMPATIBLE: Final = "openai-compatibility"
SECTIONS: Final = {section.removesuffix("-api-key"): section for section in sorted(KEY_SECTIONS)}
EDITED_TRIES: Final = 5
BOM: Final = b"\xef\xbb\xbf"

NAMES: Final = f"""\
NAME is one of
  {", ".join(SECTIONS)}: a key of that vendor's own API;
  {", ".join(VENDORS)};
  the name of an openai-compatibility entry of the config, which gets one more key;
  any other name, with --base-url: a vendor or server that speaks OpenAI's chat completions.

The key is asked for and not shown; where the input is no terminal, it is read from there:
  scripts/login key claude
  scripts/login key openrouter --model deepseek/deepseek-chat=deepseek
  pass show groq | scripts/login key groq --model openai/gpt-oss-120b
"""


class Refused(Exception):
    """Nothing was changed. str(): why, and the cure; no secrets."""


class Parser(argparse.ArgumentParser):
    """Never repeats an argument that it does not know: it may be a key."""

    def error(self, message: str) -> NoReturn:
        super().error(masked(message))


def main(arguments: Sequence[str]) -> str:
    """Does it, and says in a line what was done. Raises Refused, SettingsError, OSError."""
    options = parsed(arguments)
    key = read_key(options.name)
    path = find_config(options.config, os.environ, Path.cwd())
    if path is None:
        path = Path.cwd() / CONFIG_NAME
        print(first_run.make_config(path, {}, None).text)
    for _ in range(EDITED_TRIES):
        before = content_of(path)
        after = edited(path, before, options, key)
        if content_of(path) == before:  # Else somebody has saved it in the meantime.
            write_private(path, after)
            return f"Added a key of {options.name} to {path}. A gateway that runs on it takes it up at once."
    raise Refused(f"{path}: is being edited by somebody else: try again")


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = Parser(prog="scripts/login", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    key = commands.add_parser(
        "key",
        help="add an API key; see scripts/login key --help",
        description="Adds an API key to config.yaml. Comments, order and everything else stay.",
        epilog=NAMES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    key.add_argument("name", metavar="NAME", help="whose key it is")
    key.add_argument("--base-url", metavar="URL", help="another address than the vendor's own")
    key.add_argument(
        "--model",
        metavar="NAME[=ALIAS]",
        action="append",
        default=[],
        help="a model that the vendor serves, and what clients call it; may be given several times",
    )
    key.add_argument("--prefix", metavar="WORD", help="models are also reached as WORD/NAME")
    key.add_argument("--priority", metavar="N", type=int, help="the highest that is available is used (default: 0)")
    key.add_argument("--config", metavar="PATH", help="the config (default: $CLIPROXY_CONFIG, else ./config.yaml)")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        key.error("there is an argument too many, which is not shown here; a key is asked for, never an argument")
    if options.name.lower() in (*SECTIONS, *VENDORS):
        options.name = options.name.lower()
    return options


def read_key(name: str) -> str:
    """From the terminal, without showing it; else from the input. Raises Refused."""
    said = getpass.getpass(f"Key of {name} (not shown): ") if sys.stdin.isatty() else sys.stdin.read()
    key = said.strip()
    if not key:
        raise Refused("no key was given, so nothing was changed")
    return key


def content_of(path: Path) -> bytes:
    """The file. Raises SettingsError where it can't be read."""
    try:
        return path.read_bytes()
    except OSError:
        load(path)  # Says why.
        raise


def edited(path: Path, before: bytes, options: argparse.Namespace, key: str) -> bytes:
    """The file with the key in it, checked as the gateway checks it. Raises Refused, SettingsError."""
    old = load(path)
    text = before.removeprefix(BOM).decode()
    for place, item in additions(old, yaml.safe_load(text) or {}, options, key):
        try:
            text = add_item(text, place, item)
        except EditError as error:
            raise Refused(f"{path}: {error}") from error
    new = parse(text, str(path))
    known = {credential.id: credential for credential in from_settings.credentials(old.settings)}
    if all(one.id in known for one in from_settings.credentials(new.settings)):
        if any(one.secret.get_secret_value() == key for one in known.values()):
            raise Refused(f"{path}: this key is there already")
        reasons = [str(note) for note in new.notes if note not in old.notes] or ["the key would have no effect"]
        raise Refused("\n".join(f"{path}: {reason}" for reason in reasons))
    return (BOM if before.startswith(BOM) else b"") + text.encode()


def additions(
    old: Loaded, tree: Mapping[str, Any], options: argparse.Namespace, key: str
) -> list[tuple[Place, dict[str, Any]]]:
    """What is to be added, and to which lists of the file, whose tree this is. Raises Refused."""
    models = [model_of(text) for text in options.model]
    for entry in old.settings.openai_compatibility:
        if entry.name.casefold() == options.name.casefold():
            names = [str(item.get("name", "")).strip() for item in tree[COMPATIBLE]]
            return to_entry(names.index(entry.name), entry, options, key, models)
    item: dict[str, Any] = {"api-key": key}
    section = SECTIONS.get(options.name)
    if section is not None:
        if options.base_url or section == "codex-api-key":  # Who has none in that section is passed over.
            item["base-url"] = options.base_url or registry.of_section(section).default_base_url
    else:
        item = compatible(options, key)
        models = models or ([{"name": name} for name in first_run.OPENAI_MODELS] if options.name == "openai" else [])
        if not models:
            raise Refused(f"{options.name}: name at least one of its models with --model NAME, or --model NAME=ALIAS")
    item |= {name: value for name in ("prefix", "priority") if (value := getattr(options, name)) is not None}
    if models:
        item["models"] = models
    return [((section or COMPATIBLE,), item)]


def compatible(options: argparse.Namespace, key: str) -> dict[str, Any]:
    """A new entry of openai-compatibility."""
    base_url = options.base_url or VENDORS.get(options.name)
    if base_url is None:
        names = ", ".join([*SECTIONS, *VENDORS])
        raise Refused(
            f"{masked(options.name)}: is no name that is known here ({names}): give its address by --base-url"
        )
    return {"name": options.name, "base-url": base_url, "api-key-entries": [{"api-key": key}]}


def to_entry(
    index: int, entry: CompatibleProvider, options: argparse.Namespace, key: str, models: list[dict[str, str]]
) -> list[tuple[Place, dict[str, Any]]]:
    """One more key for an entry that is there, and the models that it does not name yet."""
    place = f"{COMPATIBLE}[{index}]"
    if entry.disabled:
        raise Refused(f"{place}: {entry.name} is disabled: remove `disabled` first")
    same = options.base_url in (None, entry.base_url) and options.prefix in (None, entry.prefix)
    if not same or options.priority not in (None, entry.priority):
        raise Refused(
            f"{place}: {entry.name} is there with another base-url, prefix or priority: edit it, or take another name"
        )
    named = {(model.name, model.asked) for model in entry.models}
    missing = [model for model in models if (model["name"], model.get("alias", model["name"])) not in named]
    return [
        ((COMPATIBLE, index, "api-key-entries"), {"api-key": key}),
        *(((COMPATIBLE, index, "models"), model) for model in missing),
    ]


def model_of(text: str) -> dict[str, str]:
    """NAME or NAME=ALIAS."""
    name, _, alias = text.partition("=")
    return {"name": name, "alias": alias} if alias else {"name": name}


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except (Refused, SettingsError) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"The config can't be written: {error.strerror}. (A file that is mounted by itself can't be replaced.)"
        )
    except (EOFError, KeyboardInterrupt):
        sys.exit("\nStopped. Nothing was changed.")
