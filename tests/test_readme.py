"""What README shows is true: its config loads, its keys exist, its commands name files that are there."""

import re
from pathlib import Path
from typing import Final

import yaml

from addons.settings import Settings, parse

ROOT: Final = Path(__file__).parents[1]
README: Final = (ROOT / "README.md").read_text()


def test_its_config_loads_without_a_word() -> None:
    (config,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    loaded = parse(config)
    assert [note.path for note in loaded.notes if note.warning] == []
    assert set(yaml.safe_load(config)) == {"api-keys", "openai-compatibility"}


def test_its_keys_are_keys_of_the_settings() -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    shown = {key for row in re.findall(r"^\| (`.*?) \|", README, re.MULTILINE) for key in re.findall(r"`(.*?)`", row)}
    assert shown
    assert {key.partition(".")[0] for key in shown} <= known


def test_the_files_that_it_names_are_there() -> None:
    named = set(re.findall(r"\b(?:scripts|addons|tests)/[\w./]+\w", README)) | {"config.example.yaml"}
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
