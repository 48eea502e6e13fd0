"""Reads the config, builds what serves it, and puts it into mitmproxy: the gateway before the engine."""

import asyncio
import logging
import os
import sys
from collections.abc import Set
from pathlib import Path
from typing import Any, NoReturn

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader

from addons import first_run, welcome
from addons.access import Access
from addons.accounts import from_settings
from addons.conduct import Conductors
from addons.engine import Engine
from addons.gateway import Gateway
from addons.listen import PLACEHOLDER_HOST, gateway_mode, port_problem
from addons.route import Router
from addons.serving import Current, Serving
from addons.settings import CONFIG_NAME, Settings, SettingsError, find_config, load
from addons.usage.record import Fanout, LogSink

logger = logging.getLogger(__name__)

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
        self._settings: Settings | None = None
        self._saved: dict[str, Any] = {}

    def load(self, loader: Loader) -> None:
        """Adds our options, and sets those of mitmproxy's that we need."""
        loader.add_option("cliproxy_config", str, "", "The gateway's config.yaml ($CLIPROXY_CONFIG, ./config.yaml).")
        loader.add_option("cliproxy_welcome", str, "", "Print where everything is: `first` after making a config.")
        self._set_options(OPTIONS)
        if "web_columns" in ctx.options:  # Attempts, and who answered, stand in the comments.
            self._set_options({"web_columns": [*ctx.options.web_columns, "comment"]})

    def configure(self, updated: Set[str]) -> None:
        """Reads the config once mitmproxy knows where it is."""
        if "cliproxy_config" not in updated or self._settings is not None:
            return
        try:
            self._build(self._load_settings())
        except SettingsError as error:
            stop(str(error))

    def running(self) -> None:
        """Listens. mitmproxy has read its modes before this script was loaded, so it must be told to look again."""
        if self._settings is not None:
            asyncio.get_running_loop().create_task(self._listen(self._settings))

    def done(self) -> None:
        """Takes back what was changed. The listener only if nobody takes our place: a live reload keeps it open."""
        ctx.options.update(**self._saved)
        self._saved.clear()
        if not ctx.master.should_exit.is_set():
            asyncio.get_running_loop().call_soon(give_listener_back)

    def _load_settings(self) -> Settings:
        path = find_config(ctx.options.cliproxy_config or None, os.environ, Path.cwd())
        if path is None:
            path = Path(CONFIG_NAME)
            for line in first_run.make_config(path, os.environ, None).text.splitlines():
                logger.warning(line)
        loaded = load(path)
        for note in loaded.notes:
            logger.log(logging.WARNING if note.warning else logging.INFO, "%s", note)
        return loaded.settings

    def _build(self, settings: Settings) -> None:
        wanted = [gateway_mode(settings.host, settings.port)]
        if ctx.options.mode != wanted and (is_ours() or not ctx.options.has_changed("mode")):
            problem = port_problem(settings.host, settings.port)
            if problem:
                stop(problem)
            ctx.options.update(mode=wanted)
        if settings.debug:
            self._set_options({"termlog_verbosity": "debug"})
        credentials = from_settings.credentials(settings)
        router = Router(settings, credentials)
        pools = from_settings.pools(credentials, settings)
        conductors = Conductors(pools, settings, Fanout([LogSink()]))
        current = Current(Serving(settings, Access(settings.api_keys), router, conductors))
        parts = [Gateway(current), Engine()]
        for part in parts:
            ctx.master.addons.register(part)
        self.addons += parts
        self._settings = settings
        self._router = router

    async def _listen(self, settings: Settings) -> None:
        if ctx.options.cliproxy_welcome:  # scripts/run keeps the port closed until now.
            ctx.options.update(server=True)
        server = ctx.master.addons.get("proxyserver")
        if not await server.setup_servers():
            logger.error("The gateway can't listen on %s:%s; the lines above say why.", settings.host, settings.port)
            sys.exit(1)
        web_url = getattr(ctx.master, "web_url", None)
        welcome.say(settings, self._router, web_url, ctx.options.cliproxy_welcome)

    def _set_options(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            if name in ctx.options and not ctx.options.has_changed(name):  # mitmweb has no flow_detail
                self._saved[name] = getattr(ctx.options, name)
                ctx.options.update(**{name: value})


def is_ours() -> bool:
    """Whether mitmproxy listens as the gateway, and not as its user said."""
    return any(PLACEHOLDER_HOST in mode for mode in ctx.options.mode)


def give_listener_back() -> None:
    """mitmproxy listens as it would without us."""
    if ctx.master.addons.get(Service.name) is None and is_ours():
        ctx.options.update(mode=["regular"])


def stop(reason: str) -> NoReturn:
    """Ends the start with one clear line."""
    logger.error(reason)
    sys.exit(1)
