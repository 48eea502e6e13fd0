"""scripts/login key NAME, as a person or a script would use it."""

import os
import pty
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from addons.settings import Settings, load

ROOT: Final = Path(__file__).parents[2]
LOGIN: Final = [sys.executable, str(ROOT / "scripts" / "login.py")]
KEY: Final = "test-key-new"
KILLS: Final = 12

CONFIG: Final = """\
# Mine.
port: 8400  # not 8317

claude-api-key:
  - api-key: "test-key-old"   # the first

# Servers.
openai-compatibility:
  - name: "local"
    base-url: "http://127.0.0.1:1234/v1"
    models: [{name: small}]
  - name: "Off"
    base-url: "http://127.0.0.1:1235/v1"
    disabled: true
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    path.chmod(0o600)
    return path


def run(folder: Path, *arguments: str, key: str = KEY, environ: dict[str, str] | None = None) -> Any:
    """Runs it there with the key as its input."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLIPROXY_")}
    done = subprocess.run(
        [*LOGIN, *arguments],
        cwd=folder,
        input=key,
        env={**clean, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert not key.strip() or key.strip() not in done.stdout + done.stderr
    return done


def added(path: Path, *arguments: str, key: str = KEY) -> Settings:
    """Runs it on that config, which must work, and gives what the file then says."""
    before = path.read_text()
    done = run(path.parent, "key", *arguments, key=key)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert str(path) in done.stdout
    left = iter(path.read_text().splitlines())
    assert all(any(line == other for other in left) for line in before.splitlines())
    return load(path).settings


def refused(path: Path, *arguments: str, key: str = KEY) -> str:
    """Runs it on that config, which must fail and leave everything as it is, and gives what was said."""
    before = path.read_bytes()
    done = run(path.parent, "key", *arguments, key=key)
    assert done.returncode != 0
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    said: str = done.stderr
    return said


@pytest.mark.parametrize("name", ["claude", "gemini", "codex", "xai", "vertex", "Claude"])
def test_a_vendors_key_gets_an_entry_in_its_section(config: Path, name: str) -> None:
    settings = added(config, name)
    section = settings.key_sections[f"{name.lower()}-api-key"]
    assert section[-1].api_key.get_secret_value() == KEY
    assert len(section) == (2 if name.lower() == "claude" else 1)


def test_all_options_stand_in_the_entry(config: Path) -> None:
    settings = added(
        config,
        *("claude", "--base-url", "https://claude.example", "--prefix", "work", "--priority", "-3"),
        *("--model", "claude-x=mine", "--model", "claude-y"),
    )
    entry = settings.claude_api_key[-1]
    assert (entry.base_url, entry.prefix, entry.priority) == ("https://claude.example", "work", -3)
    assert [(model.name, model.asked) for model in entry.models] == [("claude-x", "mine"), ("claude-y", "claude-y")]


def test_a_known_vendor_needs_no_address(config: Path) -> None:
    entry = added(config, "openrouter", "--model", "deepseek/deepseek-chat=deepseek").openai_compatibility[-1]
    assert (entry.name, entry.base_url) == ("openrouter", "https://openrouter.ai/api/v1")
    assert entry.api_key_entries[0].api_key.get_secret_value() == KEY
    assert entry.models[0].asked == "deepseek"


def test_openai_gets_models_by_itself(config: Path) -> None:
    assert added(config, "openai").openai_compatibility[-1].models


def test_any_server_can_be_named_with_its_address(config: Path) -> None:
    entry = added(config, "mine", "--base-url", "http://127.0.0.1:9999/v1", "--model", "m").openai_compatibility[-1]
    assert (entry.name, entry.base_url) == ("mine", "http://127.0.0.1:9999/v1")


def test_an_entry_that_is_there_gets_one_more_key_and_the_models_that_it_lacks(config: Path) -> None:
    for count, key in enumerate(("test-key-a", "test-key-b"), 1):
        settings = added(config, "LOCAL", key=key)
        assert [entry.name for entry in settings.openai_compatibility].count("local") == 1
        keys = settings.openai_compatibility[0].api_key_entries
        assert len(keys) == count
        assert keys[-1].api_key.get_secret_value() == key


def test_models_are_added_to_an_entry_that_is_there(config: Path) -> None:
    config.write_text(CONFIG.replace("[{name: small}]", "\n      - name: small"))
    entry = added(config, "local", "--model", "small", "--model", "big=large").openai_compatibility[0]
    assert [model.asked for model in entry.models] == ["small", "large"]


@pytest.mark.parametrize(
    ("arguments", "key", "said"),
    [
        (["claude"], "test-key-old", "is there already"),
        (["claude"], "your-api-key-1", "sample of a template"),
        (["claude"], "sk-two words", "a character that no key has"),
        (["claude"], "test-key-1\ntest-key-2", "a character that no key has"),
        (["claude"], "", "no key was given"),
        (["claude"], "$ANTHROPIC_API_KEY", "names a variable"),
        (["claude", "--base-url", "claude.example"], KEY, "must begin with https://"),
        (["claude", "--base-url", "http://127.0.0.1:8400"], KEY, "is this gateway itself"),
        (["groq"], KEY, "--model"),
        (["nobody"], KEY, "give its address by --base-url"),
        (["off"], KEY, "is disabled"),
        (["local", "--base-url", "http://127.0.0.1:4321/v1"], KEY, "another base-url"),
        (["local", "--prefix", "work"], KEY, "another base-url, prefix or priority"),
    ],
)
def test_what_can_not_be_added_is_refused_with_the_reason(
    config: Path, arguments: Sequence[str], key: str, said: str
) -> None:
    assert said in refused(config, *arguments, key=key)


def test_a_config_with_a_mistake_is_not_touched(config: Path) -> None:
    config.write_text("prot: 1\n")
    assert "`port` was probably meant" in refused(config, "claude")


def test_a_key_on_the_command_line_is_refused_and_not_repeated(config: Path) -> None:
    secret = "sk-ant-1234567890abcdef"
    for arguments in (["claude", secret], ["claude", "--key", secret], ["claude", f"--key={secret}"], [secret]):
        assert secret not in refused(config, *arguments)


def test_it_asks_at_a_terminal_and_shows_nothing(config: Path) -> None:
    master, terminal = pty.openpty()
    with subprocess.Popen(
        [*LOGIN, "key", "claude"],
        cwd=config.parent,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: control(terminal),
    ) as process:
        os.close(terminal)
        said = b""
        while b"not shown" not in said:
            said += os.read(master, 1024)
        os.write(master, f"{KEY}\n".encode())
        while process.poll() is None:
            said += read_if_any(master)
        said += read_if_any(master)
        os.close(master)
    assert process.returncode == 0
    assert KEY.encode() not in said
    assert load(config).settings.claude_api_key[-1].api_key.get_secret_value() == KEY


def control(terminal: int) -> None:
    """Makes it the terminal of the process, which getpass opens by name."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def read_if_any(master: int) -> bytes:
    """What the program has printed; nothing once it is gone."""
    try:
        return os.read(master, 1024)
    except OSError:
        return b""


def test_the_config_is_found_as_the_gateway_finds_it(config: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for arguments, environ in ((["--config", str(config)], {}), ([], {"CLIPROXY_CONFIG": str(config)})):
        done = run(other, "key", "gemini", *arguments, key=f"{KEY}-{len(arguments)}", environ=environ)
        assert done.returncode == 0, done.stderr
    assert len(load(config).settings.gemini_api_key) == 2
    assert "can't be read" in run(other, "key", "claude", "--config", "nowhere.yaml").stderr


def test_without_a_config_one_is_made(tmp_path: Path) -> None:
    done = run(tmp_path, "key", "claude")
    assert done.returncode == 0, done.stderr
    assert "Made" in done.stdout
    settings = load(tmp_path / "config.yaml").settings
    assert settings.api_keys
    assert settings.claude_api_key[0].api_key.get_secret_value() == KEY


def test_a_link_stays_a_link_and_the_file_is_for_its_owner_only(config: Path, tmp_path: Path) -> None:
    config.chmod(0o644)
    link = tmp_path / "link.yaml"
    link.symlink_to(config)
    assert run(tmp_path, "key", "xai", "--config", str(link)).returncode == 0
    assert link.is_symlink()
    assert config.stat().st_mode & 0o777 == 0o600
    assert load(config).settings.xai_api_key


def test_a_byte_order_mark_stays(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbf" + CONFIG.encode())
    assert run(config.parent, "key", "xai").returncode == 0
    assert config.read_bytes().startswith(b"\xef\xbb\xbf# Mine.")
    assert load(config).settings.xai_api_key


def test_help_names_the_vendors_and_shows_how(tmp_path: Path) -> None:
    said = run(tmp_path, "key", "--help").stdout
    for word in ("claude", "openrouter", "--model", "--base-url", "not shown", "scripts/login key claude"):
        assert word in said
    assert "key" in run(tmp_path, "--help").stdout


def test_a_kill_leaves_the_old_config_or_the_new_one(config: Path) -> None:
    chance = random.Random(4711)
    for number in range(KILLS):
        before = config.read_text()
        with subprocess.Popen(
            [*LOGIN, "key", "claude"], cwd=config.parent, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdin is not None
            process.stdin.write(f"test-key-{number}")
            process.stdin.close()
            try:
                process.wait(chance.uniform(0.1, 0.9))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        keys = [entry.api_key.get_secret_value() for entry in load(config).settings.claude_api_key]
        assert config.read_text() == before or keys[-1] == f"test-key-{number}"
        assert len(keys) == len(set(keys))
