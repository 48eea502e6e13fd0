from pathlib import Path

import pytest

from addons.first_run import EXAMPLE, make_config
from addons.settings import SettingsError, load

ENVIRONMENT = {"ANTHROPIC_API_KEY": "test-key-1", "OPENAI_API_KEY": "test-key-2"}


def test_a_made_config_loads_and_has_a_client_key_of_its_own(tmp_path: Path) -> None:
    paths = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for path in paths:
        make_config(path, {}, None)
    keys = [load(path).settings.api_keys[0].get_secret_value() for path in paths]
    assert keys[0] != keys[1]
    assert all(len(key) > 20 for key in keys)
    assert paths[0].stat().st_mode & 0o777 == 0o600


def test_the_client_key_stands_where_the_example_has_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    make_config(path, {}, None)
    made, example = path.read_text().splitlines(), EXAMPLE.read_text().splitlines()
    assert len(made) == len(example)
    changed = [(old, new) for old, new in zip(example, made, strict=True) if old != new]
    assert [old.partition(":")[0] for old, _ in changed] == [
        "# api-keys",
        '#   - "..."  # a long random text of your own',
    ]
    assert changed[0][1] == "api-keys:"
    assert changed[1][1].startswith('  - "sk-')


def test_the_comments_of_the_example_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    make_config(path, {}, None)
    assert "# The keys that clients show." in path.read_text()


def test_keys_of_the_environment_are_taken_when_the_person_says_yes(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    asked: list[str] = []

    def yes(question: str) -> bool:
        asked.append(question)
        return True

    made = make_config(path, ENVIRONMENT, yes)
    settings = load(path).settings
    assert settings.claude_api_key[0].api_key.get_secret_value() == "test-key-1"
    assert settings.openai_compatibility[0].api_key_entries[0].api_key.get_secret_value() == "test-key-2"
    assert len(asked) == 2
    assert not any(key in made.text + "".join(asked) for key in ENVIRONMENT.values())


@pytest.mark.parametrize("ask", [None, lambda _: False])
def test_keys_of_the_environment_are_not_taken_unasked(tmp_path: Path, ask: None) -> None:
    path = tmp_path / "config.yaml"
    make_config(path, ENVIRONMENT, ask)
    assert "test-key" not in path.read_text()
    assert not load(path).settings.claude_api_key


def test_without_a_terminal_the_person_is_told_of_the_keys_that_are_there(tmp_path: Path) -> None:
    made = make_config(tmp_path / "config.yaml", ENVIRONMENT, None)
    assert "ANTHROPIC_API_KEY" in made.text
    assert "OPENAI_API_KEY" in made.text
    assert "remove that file" in made.text, "a config that is there is never asked about"


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("")
    with pytest.raises(SettingsError, match=r"folder/config\.yaml: can't be written: "):
        make_config(folder / "config.yaml", {}, None)
