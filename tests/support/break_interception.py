"""An addon for tests: the interception's own functions fail once a CONNECT has had the header `x-break: NAME`."""

from collections.abc import Callable
from typing import Any, Final

from mitmproxy import http

from addons import intercept

NAMES: Final = ("place_of", "body_of", "asked_of", "open_exchange", "hide_keys")


def breaking(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which fails where it is told to."""

    def function(*arguments: Any) -> Any:
        if wanted == name:
            raise RuntimeError(f"{name} broke on purpose")
        return original(*arguments)

    return function


class Listener:
    """Hears of each tunnel."""

    name = "break-interception"

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Remembers what is to break from now on."""
        global wanted
        wanted = flow.request.headers.get("x-break", "")


wanted = ""
for function_name in NAMES:
    setattr(intercept, function_name, breaking(function_name, getattr(intercept, function_name)))
addons = [Listener()]
