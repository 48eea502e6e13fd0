"""Starts mitmweb (or mitmdump) with the addons, under uvloop. `scripts/run` calls this from the environment it made."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Finds or makes the config, looks at the port, then hands over to mitmproxy."""
    arguments, for_mitmproxy = parse(sys.argv[1:])
    if arguments.demo:
        from scripts.demo import main as demo

        sys.exit(demo())
    from addons import first_run
    from addons.listen import gateway_mode, port_problem
    from addons.settings import CONFIG_NAME, SettingsError, find_config, load

    made = None
    try:
        path = find_config(arguments.config, os.environ, Path.cwd())
        if path is None:
            path = Path(CONFIG_NAME)
            made = first_run.make_config(path, os.environ, ask if sys.stdin.isatty() else None)
            print(made.text)
        settings = load(path).settings
    except SettingsError as error:
        sys.exit(str(error))
    if problem := port_problem(settings.host, settings.port) or ca_problem_of(for_mitmproxy):
        sys.exit(problem)
    use_uvloop()
    from mitmproxy.tools import main as tools

    start = tools.mitmdump if arguments.headless else tools.mitmweb
    sys.argv[0] = "scripts/run"  # mitmproxy names it where an option is wrong.
    try:
        start(
            [
                *("--mode", gateway_mode(settings.host, settings.port)),
                *("-s", str(ROOT / "addons" / "cliproxy.py")),
                *("--set", "server=false"),  # The service opens the listener once it can answer.
                *("--set", f"cliproxy_config={path}"),
                *("--set", f"cliproxy_welcome={'first' if made else 'again'}"),
                *(() if arguments.headless else ("--no-web-open-browser",)),
                *for_mitmproxy,
            ]
        )
    except OSError as error:  # Of mitmweb, whose port is taken: it says which, and how to name another.
        sys.exit(str(error))


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """What is ours, and what is mitmproxy's."""
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Starts the gateway on the port of config.yaml, and mitmweb to look at every exchange.",
        epilog="Everything else is handed to mitmweb or mitmdump as it is, such as --set web_port=9000 or -s other.py.",
    )
    parser.add_argument("--config", metavar="PATH", help="the config (default: $CLIPROXY_CONFIG, else ./config.yaml)")
    parser.add_argument("--headless", action="store_true", help="mitmdump instead of mitmweb: no console")
    parser.add_argument("--demo", action="store_true", help="show translation and failover with simulated vendors, end")
    return parser.parse_known_args(arguments)


def ca_problem_of(for_mitmproxy: list[str]) -> str | None:
    """Why mitmproxy would end with a traceback, once it has looked at its CA; it looks before it loads addons."""
    from mitmproxy.options import CONF_DIR, KEY_SIZE

    from addons.tls import ca_problem

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--cert-passphrase", default=None)
    named, _ = parser.parse_known_args(for_mitmproxy)
    options = dict(option.partition("=")[::2] for option in named.set)
    folder = Path(options.get("confdir") or CONF_DIR).expanduser()
    passphrase = named.cert_passphrase or options.get("cert_passphrase")
    return ca_problem(folder, int(options.get("key_size") or KEY_SIZE), passphrase)


def ask(question: str) -> bool:
    """A yes or no from the person at the terminal. The end of the input (Ctrl-D) ends the start."""
    try:
        return input(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes")
    except EOFError:
        raise KeyboardInterrupt from None


def use_uvloop() -> None:
    """mitmproxy calls asyncio.run: the policy is the only way in."""
    try:
        import uvloop
    except ImportError:  # Windows has none.
        return
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.eager_task_factory = tolerant(asyncio.eager_task_factory)


def tolerant(factory: Callable[..., Any]) -> Callable[..., Any]:
    """uvloop hands `eager_start` to task factories, which those of Python 3.12 and 3.13 do not know."""

    def make(loop: asyncio.AbstractEventLoop, coro: Any, *, name: Any = None, context: Any = None, **_: Any) -> Any:
        return factory(loop, coro, name=name, context=context)

    return make


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # At a question, or in the demo; mitmproxy has its own way to end.
        sys.exit("\nStopped.")
