"""The real Codex CLI, run once without a person, in a home of its own."""

import base64
import datetime
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.cli import native

PACKAGE: Final = "@openai/codex"
VERSION: Final = "0.169.0"
TIMEOUT_S: Final = 60
QUIET: Final = "check_for_update_on_startup = false\n[analytics]\nenabled = false\n"
OWN_PROVIDER: Final = """\
model_provider = "gateway"
{quiet}
[model_providers.gateway]
name = "gateway"
base_url = "{base_url}"
env_key = "GATEWAY_KEY"
wire_api = "responses"
"""
BUILT_IN: Final = 'openai_base_url = "{base_url}"\n{quiet}'
ACCOUNT: Final = "0b6cd6a5-8a6f-4a7e-9a43-6d1b0a4d1f10"
AUTH_CLAIMS: Final = "https://api.openai.com/auth"


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. `said` is its last message, `told` what it shows on the way."""

    exit_code: int
    said: str
    told: str


def binary() -> Path:
    """The native program of this platform."""
    return native(PACKAGE, VERSION, "codex-*/vendor/*/bin/codex")


def run(prompt: str, *, base_url: str, key: str, model: str, home: Path, built_in: bool = False) -> Finished:
    """One prompt. `home` is also where it works.

    `built_in`: it takes the gateway for OpenAI, to which it logs in with the key; else for a provider of its config.
    """
    _configure(home, (BUILT_IN if built_in else OWN_PROVIDER).format(base_url=base_url, quiet=QUIET))
    if built_in:
        _log_in(home, key)
    return _run(prompt, model, home, {"GATEWAY_KEY": key})


def run_by_proxy(
    prompt: str, *, url: str, ca: Path, login: str | Mapping[str, Any], model: str, home: Path
) -> Finished:
    """One prompt of a Codex that knows just a proxy and its CA. `login`: its key, or what chatgpt_login() gave."""
    _configure(home, QUIET)
    if isinstance(login, str):
        _log_in(home, login)
    else:
        (home / ".codex" / "auth.json").write_text(json.dumps(login))
    return _run(prompt, model, home, {"HTTPS_PROXY": url, "CODEX_CA_CERTIFICATE": str(ca)})


def chatgpt_login() -> dict[str, Any]:
    """What `codex login` leaves behind: tokens of ChatGPT, still fresh. Nobody has signed them."""
    now = datetime.datetime.now(datetime.UTC)
    claims = {
        "email": "somebody@example.com",
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 10 * 24 * 3600,
        AUTH_CLAIMS: {"chatgpt_account_id": ACCOUNT, "chatgpt_user_id": "user-simulated", "chatgpt_plan_type": "pro"},
    }
    return {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {
            "id_token": _token(claims),
            "access_token": _token({**claims, "aud": ["https://api.openai.com/v1"]}),
            "refresh_token": "rt-own-0123456789",
            "account_id": ACCOUNT,
        },
        "last_refresh": now.isoformat().replace("+00:00", "Z"),
    }


def _token(claims: Mapping[str, Any]) -> str:
    parts = (json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(claims).encode(), b"unsigned")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _configure(home: Path, text: str) -> None:
    settings = home / ".codex" / "config.toml"
    settings.parent.mkdir()
    settings.write_text(text)


def _log_in(home: Path, key: str) -> None:
    command = [str(binary()), "login", "--with-api-key"]
    environ = _environ(home, {})
    subprocess.run(command, env=environ, input=key, text=True, capture_output=True, timeout=TIMEOUT_S, check=True)


def _environ(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), **more}


def _run(prompt: str, model: str, home: Path, environ: Mapping[str, str]) -> Finished:
    done = subprocess.run(
        [
            str(binary()),
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--model",
            model,
            prompt,
        ],
        cwd=home,
        env=_environ(home, environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Finished(done.returncode, done.stdout.strip(), done.stderr)
