"""Runs a program through the HTTPS proxy: `scripts/with claude -p "hello"`."""

import argparse
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends this as it would end the program, without a traceback.

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from addons import first_run  # noqa: E402
from addons.intercept_table import HostTable, listed_hosts  # noqa: E402
from addons.listen import from_here  # noqa: E402
from addons.settings import CONFIG_NAME, Settings, SettingsError, checks, find_config, load  # noqa: E402
from scripts import with_proxy  # noqa: E402
from scripts.with_bundle import write_bundle  # noqa: E402
from scripts.with_environment import concerns, environment  # noqa: E402
from scripts.with_proxy import Address, Listener, NotToBeHad, Proxy  # noqa: E402

CONFDIR: Final = "~/.mitmproxy"
CA_FILE: Final = "mitmproxy-ca-cert.pem"
FOLDER: Final = "mitmproxy-with"
"""Beside the CA. The folder of the CA is nobody else's as long as all names in it begin like this."""

START: Final = Path("/proc/self/environ")
"""The environment of the process as it was when it began. Other systems than Linux do not tell."""

FAILED, NOT_RUNNABLE, NOT_FOUND = 125, 126, 127
"""As of env and nohup, so that they can be told from the program's own."""

DESCRIPTION: Final = """\
Runs PROGRAM with the HTTPS proxy of config.yaml and its CA in its environment, and changes nothing else.
Where the proxy does not run, it is started, and ends with the last program that was started like this.
"""
EPILOG: Final = """\
--print is for a whole shell: eval "$(scripts/with --print)". It starts no proxy, which would end at once: it asks for
one that runs (scripts/run). A shell whose proxy has ended reaches nothing, until it is closed.

The exit status is PROGRAM's; 125 where the proxy is not to be had, 126 where PROGRAM can't be run, 127 where there is
none of that name.
"""


def main(arguments: Sequence[str]) -> None:
    """Becomes the program; or prints. Raises NotToBeHad, SettingsError, OSError, SystemExit."""
    options = parsed(arguments)
    program = None if options.print else found(options.program[0])
    path = config_path(options.config, os.environ, Path.cwd(), ROOT)
    settings = load(path).settings
    names = HostTable(listed_hosts(settings.intercept)).names()
    proxy = proxy_of(settings, path, names, Path(options.confdir).expanduser())
    folder = own_folder(proxy.ca.parent)
    if program is None:
        ask_for(proxy, path)
    else:
        users = folder / f"users-{proxy.at.port}.lock"
        with_proxy.use(users)
        with with_proxy.alone(folder / f"start-{proxy.at.port}.lock"):
            have(proxy, path, folder, users)
    own = own_environment()
    for line in concerns(own, proxy.at.url, names, has_egress=bool(settings.proxy_url.get_secret_value())):
        say(line)
    bundle = write_bundle(folder, proxy.ca, own)
    variables = environment(own, proxy.at.url, str(proxy.ca), str(bundle))
    if program is None:
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items()))
        return
    become(program, options.program, {**own, **variables})


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line: ours ends with the program's name."""
    parser = argparse.ArgumentParser(
        prog="scripts/with",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="%(prog)s [--config PATH] [--confdir FOLDER] PROGRAM [ARGUMENT ...]\n       %(prog)s --print",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config",
        metavar="PATH",
        help="the config (default: $CLIPROXY_CONFIG, ./config.yaml, or the one beside scripts/)",
    )
    parser.add_argument(
        "--confdir",
        metavar="FOLDER",
        default=CONFDIR,
        help="mitmproxy's own folder, with its CA (default: %(default)s)",
    )
    parser.add_argument("--print", action="store_true", help="print the variables for a shell, and run nothing")
    parser.add_argument("program", nargs=argparse.REMAINDER, metavar="PROGRAM", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.program[:1] == ["--"]:
        del options.program[0]
    if bool(options.program) == options.print:
        parser.error("name a program, or --print")
    return options


def found(name: str) -> str:
    """Where the program is. Ends with a line where it is not."""
    path = shutil.which(name)
    if path is not None:
        return path
    there = os.sep in name and Path(name).exists()
    say(f"{name}: {'is no program that can be run' if there else 'there is no such program'}")
    sys.exit(NOT_RUNNABLE if there else NOT_FOUND)


def config_path(option: str | None, environ: Mapping[str, str], cwd: Path, root: Path) -> Path:
    """As scripts/run finds it, else the one beside scripts/, which is made there where it is missing: programs are
    started in folders of other projects. Raises SettingsError."""
    named = find_config(option, environ, cwd)
    if named is not None:
        return named
    path = root / CONFIG_NAME
    if not path.exists():
        for line in first_run.make_config(path, environ, None).text.splitlines():
            say(line)
    return path


def proxy_of(settings: Settings, path: Path, names: Sequence[str], confdir: Path) -> Proxy:
    """What the config says of it. Raises NotToBeHad where it says that there is none."""
    own = settings.intercept
    if not own.enable:
        raise NotToBeHad(f"{path}: intercept.enable is false, so there is no HTTPS proxy: set it to true")
    if problem := checks.interception_problem(settings):
        raise NotToBeHad(f"{path}: {problem}")
    return Proxy(
        at=Address(from_here(own.host), own.port),
        gateway=Address(from_here(settings.host), settings.port, settings.tls.enable),
        opened=next(iter(names), None),
        ca=confdir.absolute() / CA_FILE,
    )


def own_folder(confdir: Path) -> Path:
    """For what programs are given to read, and for locks."""
    folder = confdir / FOLDER
    for place in (confdir, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def have(proxy: Proxy, config: Path, folder: Path, users: Path) -> None:
    """Returns once it answers. Raises NotToBeHad."""
    who = with_proxy.listener(proxy)
    if who is not Listener.NOBODY:
        check(who, proxy, config)
        return
    if with_proxy.gateway_runs(proxy.gateway):
        raise NotToBeHad(
            f"the gateway at {proxy.gateway.url} runs without its HTTPS proxy: restart it, its log says why"
        )
    log = with_proxy.start(proxy, config, folder, users)
    say(f"started the gateway with {config}, until the last program that is run like this ends; its log is {log}")


def ask_for(proxy: Proxy, config: Path) -> None:
    """Returns if it answers. Raises NotToBeHad."""
    who = with_proxy.listener(proxy)
    if who is Listener.NOBODY:
        raise NotToBeHad(f"nothing listens at {proxy.at.url}: start scripts/run, and leave it running")
    check(who, proxy, config)


def check(who: Listener, proxy: Proxy, config: Path) -> None:
    """Raises NotToBeHad where it is somebody else."""
    other = f"or set another `intercept.port` in {config}"
    match who:
        case Listener.A_STRANGER:
            raise NotToBeHad(f"{proxy.at.url} is another program's: stop that program, {other}")
        case Listener.ANOTHER_OF_OURS:
            raise NotToBeHad(f"{proxy.at.url} is the proxy of a gateway with another config: stop that one, {other}")
        case Listener.WITH_ANOTHER_CA:
            said = f"the proxy at {proxy.at.url} has another CA than {proxy.ca}"
            raise NotToBeHad(f"{said}: name the folder that it was started with (--confdir), or restart it")


def own_environment() -> dict[str, str]:
    """As it was given to us: where no locale is named, Python names one (PEP 538), which programs would inherit."""
    own = dict(os.environ)
    if START.exists() and not any(entry.startswith(b"LC_CTYPE=") for entry in START.read_bytes().split(b"\0")):
        own.pop("LC_CTYPE", None)
    return own


def become(program: str, arguments: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """From here on this process is the program: the terminal, signals and the exit status are its own."""
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and programs would inherit that.
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(program, list(arguments), dict(environ))
    except OSError as error:
        say(f"{program}: can't be run: {error.strerror}")
        sys.exit(NOT_RUNNABLE)


def say(line: str) -> None:
    """To the person: the program's output is its own."""
    print(f"scripts/with: {line}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (NotToBeHad, SettingsError, OSError) as error:
        say(str(error))
        sys.exit(FAILED)
