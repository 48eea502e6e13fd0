"""What the streams of all connections share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mitmproxy.connection import Address
from mitmproxy.proxy.server import ConnectionHandler

from addons.engine.dispatch import HookDispatch
from addons.engine.recorder import Recorder
from addons.engine.sessions import TlsSessions
from addons.engine.timers import Timers


@dataclass(frozen=True, slots=True)
class Services:
    """Made by the engine's addon, handed to each HTTP layer. `handlers`: mitmproxy's, by the id of the client.

    `second_version_only`: the addresses of upstreams that refuse HTTP/1.
    """

    timers: Timers
    recorder: Recorder
    hooks: HookDispatch
    sessions: TlsSessions
    handlers: Mapping[tuple[object, ...] | str, ConnectionHandler]
    second_version_only: set[Address] = field(default_factory=set)
