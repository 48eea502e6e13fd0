"""The first start: a config of one's own, with a client key and the vendors' keys that are at hand."""

import io
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from addons.files import write_private
from addons.settings import SettingsError
from addons.settings.keys import Problem

EXAMPLE: Final = Path(__file__).resolve().parent.parent / "config.example.yaml"

COMMENTED_KEYS: Final = re.compile(r"^# api-keys:\n#   - .*$", re.MULTILINE)
"""Where the example shows client keys: there one is looked for."""

KEYS_AT_HAND: Final = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")
"""Environment variables whose keys are offered."""


@dataclass(frozen=True, slots=True)
class MadeConfig:
    """What was done, in lines for people."""

    path: Path
    text: str


def make_config(path: Path, environ: Mapping[str, str], ask: Callable[[str], bool] | None) -> MadeConfig:
    """Writes a config at `path`: the example, a new client key, and the keys of the environment.

    `ask` puts a question to a person; without one the environment's keys are not taken, only named.
    Raises SettingsError where it can't be written.
    """
    from ruamel.yaml import YAML  # Only needed here: it would slow every start.

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    example = EXAMPLE.read_text(encoding="utf-8")
    written_key = f'api-keys:\n  - "sk-{secrets.token_urlsafe(24)}"'
    config: Any = yaml.load(COMMENTED_KEYS.sub(written_key, example, count=1))
    lines = [f"No config was found. Made {path} with a new client key."]
    for variable in KEYS_AT_HAND:
        key = environ.get(variable, "")
        if not key:
            continue
        if ask is None:
            lines.append(
                f"{variable} is set: add it to {path}, or remove that file and start in a terminal to be asked."
            )
        elif ask(f"{variable} is set. Use that key for the gateway?"):
            _add_key(config, variable, key)
            lines.append(f"The key of {variable} is in it now.")
    written = io.StringIO()
    yaml.dump(config, written)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, written.getvalue().encode())
    except OSError as error:
        said = f"can't be written: {error.strerror}. Start in another folder, or name a config that is there"
        raise SettingsError(str(path), [Problem("", said)]) from error
    return MadeConfig(path, "\n".join(lines))


def _add_key(config: Any, variable: str, key: str) -> None:
    if variable == "ANTHROPIC_API_KEY":
        config["claude-api-key"] = [{"api-key": key}]
        return
    config["openai-compatibility"] = [
        {
            "name": "openai",
            "base-url": "https://api.openai.com/v1",
            "api-key-entries": [{"api-key": key}],
            "models": [{"name": model} for model in OPENAI_MODELS],
        }
    ]


OPENAI_MODELS: Final = ("gpt-5.1", "gpt-5-mini", "gpt-4.1", "gpt-4o-mini")
"""What a fresh config offers of OpenAI's; the person adds others in config.yaml."""
