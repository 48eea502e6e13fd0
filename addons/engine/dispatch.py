"""Calls addons' hooks without looking for them each time.

mitmproxy asks all addons (some thirty) for every hook of every flow; half of a small request's time goes there. Here
who listens to a hook is looked up once. What is called, in which order, and what becomes of exceptions is as in
mitmproxy.addonmanager. Known limit: an addon that gets a hook method after it was added is not noticed until some
addon is added or removed, or an option changes.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from mitmproxy import exceptions, flow, hooks
from mitmproxy.addonmanager import AddonManager, logger, safecall
from mitmproxy.log import LegacyLogEvents
from mitmproxy.proxy.commands import StartHook

CHANGES: Final = ("add", "register", "remove", "clear")
REPLACED: Final = ("trigger_event", "handle_lifecycle")

type Handler = Callable[..., Any]
type Group = tuple[object, tuple[Handler, ...] | None]
"""An addon of the chain, and its own and its sub-addons' handlers; None where they could not be listed."""


class HookDispatch:
    """Stands in for two methods of the addon manager, from install() to remove()."""

    def __init__(self, manager: AddonManager) -> None:
        self._manager = manager
        self._groups: dict[str, list[Group]] = {}
        self._chain: list[object] = []
        self._originals: dict[str, object] = {}
        self._begun: dict[hooks.Hook, asyncio.Task[None]] = {}

    def install(self) -> None:
        """From now on."""
        for name in CHANGES:
            self._replace(name, self._forgetting(getattr(self._manager, name)))
        for name in REPLACED:
            self._replace(name, getattr(self, name))
        for handler in self._log_handlers():
            handler.addFilter(self._is_log_heard)
        self.forget()

    def remove(self) -> None:
        """Gives the manager its own methods back, except those that somebody else has replaced since."""
        for name, replacement in self._originals.items():
            if self._manager.__dict__.get(name) is replacement:
                delattr(self._manager, name)
        self._originals.clear()
        for handler in self._log_handlers():
            handler.removeFilter(self._is_log_heard)
        self.forget()

    def forget(self) -> None:
        """Everybody is looked for anew."""
        self._groups.clear()

    def run_now(self, hook: StartHook) -> bool:
        """Calls the hook's listeners here and now, in an eager task; whether that was all that is to be done.

        If not (one of them waits for something, or somebody has intercepted the flow), the hook is to go the usual
        way, whose handle_lifecycle() then goes on with what was begun.
        """
        if "handle_lifecycle" not in self._originals:
            return False
        task = asyncio.Task(
            self.handle_lifecycle(hook), loop=asyncio.get_running_loop(), eager_start=True, name=f"hook {hook.name}"
        )
        if task.done() and not task.cancelled() and task.exception() is None and not _is_intercepted(hook):
            return True
        self._begun[hook] = task
        return False

    async def handle_lifecycle(self, event: hooks.Hook) -> None:
        """See AddonManager.handle_lifecycle."""
        begun = self._begun.pop(event, None)
        if begun is not None:
            await begun
            return
        message = event.args()[0]
        if self._listeners(event.name):
            await self.trigger_event(event)
        if isinstance(message, flow.Flow) and self._listeners("update"):
            await self.trigger_event(hooks.UpdateHook([message]))

    async def trigger_event(self, event: hooks.Hook) -> None:
        """See AddonManager.trigger_event."""
        arguments = event.args()
        for addon, handlers in self._listeners(event.name):
            try:
                if handlers is None:
                    with safecall():
                        await self._manager.invoke_addon(addon, event)
                    continue
                for handler in handlers:
                    result = handler(*arguments)
                    if result is not None and inspect.isawaitable(result):
                        await result
            except exceptions.AddonHalt:
                return
            except exceptions.OptionsError:
                raise
            except Exception as error:
                # As safecall() logs it: the traceback begins in the addon.
                traceback = error.__traceback__
                below = traceback.tb_next if traceback is not None else None
                logger.error(f"Addon error: {error}", exc_info=(type(error), error, below or traceback))

    def _listeners(self, name: str) -> list[Group]:
        chain = self._manager.chain
        if chain is not self._chain:  # mitmproxy makes a new list when it removes an addon.
            self._chain = chain
            self._groups.clear()
        groups = self._groups.get(name)
        if groups is None:
            groups = self._groups[name] = self._find(name)
        return groups

    def _find(self, name: str) -> list[Group]:
        groups: list[Group] = []
        probe = object.__new__(hooks.all_hooks[name])  # Only asked for its name.
        for addon in self._manager.chain:
            try:
                handlers = tuple(handler for _, handler in self._manager._iter_hooks(addon, probe))
            except exceptions.AddonManagerError:  # Something of that name can't be called: let mitmproxy say so.
                groups.append((addon, None))
                continue
            if handlers:
                groups.append((addon, handlers))
        return groups

    def _log_handlers(self) -> list[logging.Handler]:
        """mitmproxy makes each log record a hook, by way of the event loop's pipe: six times for every connection."""
        handlers = logging.getLogger().handlers
        return [one for one in handlers if isinstance(one, LegacyLogEvents) and one.master is self._manager.master]

    def _is_log_heard(self, _: logging.LogRecord) -> bool:
        return bool(self._listeners("add_log"))

    def _replace(self, name: str, replacement: object) -> None:
        setattr(self._manager, name, replacement)
        self._originals[name] = replacement

    def _forgetting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """The method, after which nobody relies on what was known before it."""

        @wraps(method)
        def changed(*arguments: object) -> object:
            self.forget()
            try:
                return method(*arguments)
            finally:
                self.forget()
                # A parent may put a new sub-addon into its list only after it has registered it.
                loop = self._manager.master.event_loop
                if not loop.is_closed():
                    loop.call_soon(self.forget)

        return changed


def _is_intercepted(hook: hooks.Hook) -> bool:
    message = hook.args()[0]
    return isinstance(message, flow.Flow) and message.intercepted
