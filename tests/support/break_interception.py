"""An addon for tests: functions of the interception, and whole hooks, fail once a CONNECT has had the header
`x-break: NAME`."""

from collections.abc import Callable
from typing import Any, Final

from mitmproxy import http

from addons import intercept
from addons.engine.layer import LayerInstaller
from addons.gateway import Gateway

PLACES: Final[dict[str, Any]] = {
    **dict.fromkeys(("place_of", "body_of", "asked_of", "open_exchange", "hide_keys", "bare"), intercept),
    "Interception.request": intercept.Interception,
    "Gateway.request": Gateway,
    "LayerInstaller._put_in": LayerInstaller,
}


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
for path, place in PLACES.items():
    function_name = path.rpartition(".")[2]
    setattr(place, function_name, breaking(path, getattr(place, function_name)))
addons = [Listener()]
