"""Reads the config, builds what serves it, and puts it into mitmproxy: both entrances before the engine."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any, Final, NoReturn

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader

from addons import first_run, welcome
from addons.circles import Circles
from addons.comments import Comments
from addons.engine import Engine
from addons.garbage import Garbage
from addons.gateway import Gateway
from addons.intercept import Interception
from addons.listen import (
    gateway_mode,
    interception_mode,
    is_gateway_mode,
    is_interception_mode,
    port_problem,
)
from addons.quiet import Quiet
from addons.reload import ConfigFile, Reloader, log_notes
from addons.serving import Builder, Current, Serving
from addons.settings import CONFIG_NAME, Loaded, Settings, SettingsError, checks, find_config
from addons.tls import GatewayTls, TlsError, ca_problem, guard_ca
from addons.usage.record import Fanout, LogSink

logger = logging.getLogger(__name__)

CA_FILE: Final = "mitmproxy-ca-cert.pem"

OPTIONS = {
    "connection_strategy": "lazy",
    "keep_host_header": True,
    "upstream_cert": False,
    "flow_detail": 0,
}
"""What mitmproxy must do differently for us; an option that the user has set stays as it is."""


class Service:
    """The addon that mitmproxy loads. Its parts are addons of their own, in hook order."""

    name = "cliproxy"

    def __init__(self) -> None:
        self.addons: list[Any] = []
        self._builder = Builder(Fanout([LogSink()]))
        self._current: Current | None = None
        self._reloader: Reloader | None = None
        self._saved: dict[str, Any] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._quiet = Quiet()
        self._garbage = Garbage()

    def load(self, loader: Loader) -> None:
        """Adds our options, and sets those of mitmproxy's that we need."""
        loader.add_option("cliproxy_config", str, "", "The gateway's config.yaml ($CLIPROXY_CONFIG, ./config.yaml).")
        loader.add_option("cliproxy_welcome", str, "", "Print where everything is: `first` after making a config.")
        self._set_options(OPTIONS)
        if "web_columns" in ctx.options:  # Attempts, and who answered, stand in the comments.
            self._set_options({"web_columns": [*ctx.options.web_columns, "comment"]})

    def configure(self, updated: Set[str]) -> None:
        """Reads the config once mitmproxy knows where it is."""
        if "cliproxy_config" not in updated or self._reloader is not None:
            return
        problem = ca_problem(Path(ctx.options.confdir).expanduser(), ctx.options.key_size, ctx.options.cert_passphrase)
        if problem:
            stop(problem)
        guard_ca(Path(ctx.options.confdir).expanduser())
        try:
            file = ConfigFile(config_path())
            self._start(file, file.read())
        except (SettingsError, TlsError) as error:
            stop(str(error))

    def running(self) -> None:
        """Listens. mitmproxy has read its modes before this script was loaded, so it must be told to look again."""
        if self._reloader is not None and self._current is not None:
            loop = asyncio.get_running_loop()
            self._tasks += [
                loop.create_task(self._listen(self._current.serving)),
                loop.create_task(self._reloader.follow()),
            ]

    def done(self) -> None:
        """Takes back what was changed. The listener only if nobody takes our place: a live reload keeps it open."""
        for task in self._tasks:
            task.cancel()
        self._garbage.unsettle()
        self._builder.close()
        self._quiet.remove()
        ctx.options.update(**self._saved)
        self._saved.clear()
        if not ctx.master.should_exit.is_set():
            asyncio.get_running_loop().call_soon(give_listener_back)

    def _start(self, file: ConfigFile, loaded: Loaded) -> None:
        settings = loaded.settings
        self._set_mode(settings)
        self._quiet.install()
        self._set_debug(settings.debug)
        log_notes(loaded.notes)
        if proxy := welcome.unused_proxy(settings, os.environ):
            logger.warning(proxy)
        self._current = Current(self._builder.build(settings))
        entrances = (Gateway(self._current), Interception(self._current))
        parts: list[Any] = [Circles(), *entrances, Comments(), Engine(garbage=self._garbage)]
        if settings.tls.enable:
            parts.insert(0, GatewayTls(settings.tls))
        for part in parts:
            ctx.master.addons.register(part)
        self.addons += parts
        self._reloader = Reloader(file, loaded, self._builder, self._current, self._set_debug, intercepts)

    def _set_mode(self, settings: Settings) -> None:
        """Among the modes that mitmproxy listens in, ours is the one of the config."""
        wanted = gateway_mode(settings.host, settings.port)
        modes = ctx.options.mode
        if wanted in modes:
            return
        if ctx.options.has_changed("mode") and not has_ours(modes):
            logger.warning("--mode is given, so the gateway does not listen: add --mode %s to it.", wanted)
            return
        if problem := port_problem(settings.host, settings.port):
            stop(problem)
        ctx.options.update(mode=[*(others(modes) if has_ours(modes) else ()), wanted])

    def _set_debug(self, debug: bool) -> None:
        self._quiet.on = not debug and not others(ctx.options.mode)  # What else mitmproxy does is told as ever.
        if debug:
            self._set_options({"termlog_verbosity": "debug"})
        elif "termlog_verbosity" in self._saved:
            ctx.options.update(termlog_verbosity=self._saved.pop("termlog_verbosity"))

    async def _listen(self, serving: Serving) -> None:
        settings = serving.settings
        if ctx.options.cliproxy_welcome:  # scripts/run keeps the port closed until now.
            ctx.options.update(server=True)
        server = ctx.master.addons.get("proxyserver")
        if not await listens(server):
            logger.error("The gateway can't listen on %s:%s; the lines above say why.", settings.host, settings.port)
            sys.exit(1)
        if has_ours(ctx.options.mode):
            web_url = getattr(ctx.master, "web_url", None)
            intercepts = await self._listen_for_clients_of_vendors(settings)
            ca = Path(ctx.options.confdir) / CA_FILE if intercepts else None
            welcome.say(settings, serving.router, web_url, ctx.options.cliproxy_welcome, ca)
        self._garbage.settle()

    async def _listen_for_clients_of_vendors(self, settings: Settings) -> bool:
        """Adds the interception to the listeners, or says why not: the gateway goes on without it."""
        own = settings.intercept
        before = [mode for mode in ctx.options.mode if is_interception_mode(mode)]
        wanted = [interception_mode(own.host, own.port)] if own.enable else []
        problem = None
        if own.enable:
            problem = checks.interception_problem(settings)
            if problem is None and wanted != before:
                problem = await asyncio.to_thread(port_problem, own.host, own.port, "intercept.port")
        modes = [mode for mode in ctx.options.mode if not is_interception_mode(mode)]
        server = ctx.master.addons.get("proxyserver")
        if problem is None:
            ctx.options.update(mode=[*modes, *wanted])
            if await listens(server):
                return own.enable
            problem = f"Can't listen on {own.host}:{own.port}. Set another `intercept.port` in config.yaml."
        ctx.options.update(mode=modes)
        await server.setup_servers()
        logger.warning("No interception, only the gateway: %s (intercept.enable: false says no more of it.)", problem)
        return False

    def _set_options(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            if name in ctx.options and not ctx.options.has_changed(name):  # mitmweb has no flow_detail
                self._saved[name] = getattr(ctx.options, name)
                ctx.options.update(**{name: value})


async def listens(server: Any) -> bool:
    """Whether mitmproxy's proxyserver does so in all of its modes, once it has tried; it may have begun by itself."""
    return await server.setup_servers() and all(instance.is_running for instance in server.servers)


def config_path() -> Path:
    """The config that mitmproxy was told, or that lies here; made now where there is none. Raises SettingsError."""
    path = find_config(ctx.options.cliproxy_config or None, os.environ, Path.cwd())
    if path is None:
        path = Path.cwd() / CONFIG_NAME
        for line in first_run.make_config(path, os.environ, None).text.splitlines():
            logger.warning(line)
    return path


def has_ours(modes: Sequence[str]) -> bool:
    """Whether mitmproxy listens as the gateway."""
    return any(is_gateway_mode(mode) for mode in modes)


def intercepts() -> bool:
    """Whether mitmproxy listens as the interception."""
    return any(is_interception_mode(mode) for mode in ctx.options.mode)


def others(modes: Sequence[str]) -> list[str]:
    """Those of the modes that its user has named."""
    return [mode for mode in modes if not is_gateway_mode(mode) and not is_interception_mode(mode)]


def give_listener_back() -> None:
    """mitmproxy listens as it would without us."""
    modes = ctx.options.mode
    if ctx.master.addons.get(Service.name) is None and has_ours(modes):
        ctx.options.update(mode=others(modes) or ["regular"])


def stop(reason: str) -> NoReturn:
    """Ends the start with one clear line."""
    logger.error(reason)
    sys.exit(1)
