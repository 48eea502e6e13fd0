"""The engine's parts, put together and put into mitmproxy."""

from mitmproxy import ctx

from addons.engine.dispatch import HookDispatch
from addons.engine.layer import LayerInstaller
from addons.engine.recorder import Recorder
from addons.engine.services import Services
from addons.engine.sessions import TlsSessions
from addons.engine.timers import Timers
from addons.engine.viewcap import ViewCap
from addons.garbage import Garbage


class Parts:
    """In from the start; remove() takes them out."""

    def __init__(self, tick_s: float, garbage: Garbage) -> None:
        addons = ctx.master.addons
        self._view_cap = ViewCap()
        self._dispatch = HookDispatch(addons)
        handlers = addons.get("proxyserver").connections
        self._timers = Timers(handlers, tick_s, garbage)
        services = Services(self._timers, Recorder(self._view_cap), self._dispatch, TlsSessions(), handlers)
        self._installer = LayerInstaller(services, garbage)
        self._dispatch.install()
        addons.add(self._installer)
        if addons.get("view") is not None:
            addons.add(self._view_cap)

    def options_changed(self) -> None:
        self._dispatch.forget()

    def remove(self) -> None:
        addons = ctx.master.addons
        for addon in (self._installer, self._view_cap):
            if addons.get(addon.name) is addon:
                addons.remove(addon)
        self._dispatch.remove()
        if ctx.master.should_exit.is_set():
            for run in tuple(self._timers.running):
                run.orphaned()
