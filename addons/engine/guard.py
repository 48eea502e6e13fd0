"""Whether this mitmproxy is one whose private parts we know."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Final

from mitmproxy import version

OLDEST: Final = (12, 2, 3)
FIRST_UNKNOWN: Final = (12, 4)

NAMES: Final[Mapping[str, tuple[str, ...] | None]] = {
    # What the engine uses beyond the documented addon API: the parameters of a function; None for any other thing.
    "mitmproxy.addonmanager:AddonManager._iter_hooks": ("self", "addon", "event"),
    "mitmproxy.addonmanager:AddonManager.handle_lifecycle": ("self", "event"),
    "mitmproxy.addonmanager:AddonManager.invoke_addon": ("self", "addon", "event"),
    "mitmproxy.addonmanager:AddonManager.trigger_event": ("self", "event"),
    "mitmproxy.addonmanager:logger": None,
    "mitmproxy.addonmanager:safecall": (),
    "mitmproxy.addons.proxyserver:Proxyserver.register_connection": ("self", "connection_id", "handler"),
    "mitmproxy.addons.save:Save.save_flow": ("self", "flow"),
    "mitmproxy.addons.view:View.add": ("self", "flows"),
    "mitmproxy.addons.view:View.remove": ("self", "flows"),
    "mitmproxy.log:LegacyLogEvents": ("master",),
    "mitmproxy.net.http.url:hostport": ("scheme", "host", "port"),
    "mitmproxy.proxy.commands:CloseConnection": ("connection",),
    "mitmproxy.proxy.commands:SendData": ("connection", "data"),
    "mitmproxy.proxy.commands:StartHook": None,
    "mitmproxy.proxy.events:HookCompleted": ("command", "reply"),
    "mitmproxy.proxy.events:MessageInjected": ("flow", "message"),
    "mitmproxy.proxy.layer:Layer.handle_event": ("self", "event"),
    "mitmproxy.proxy.layer:NextLayer": ("context", "ask_on_start"),
    "mitmproxy.proxy.layers.http:DropStream": ("stream_id",),
    "mitmproxy.proxy.layers.http:ErrorCode.CANCEL": None,
    "mitmproxy.proxy.layers.http:GetHttpConnection": ("address", "tls", "via", "transport_protocol"),
    "mitmproxy.proxy.layers.http:GetHttpConnection.connection_spec_matches": ("self", "connection"),
    "mitmproxy.proxy.layers.http:GetHttpConnectionCompleted": ("command", "reply"),
    "mitmproxy.proxy.layers.http:Http1Client.read_body": ("self", "event"),
    "mitmproxy.proxy.layers.http:Http1Client.read_headers": ("self", "event"),
    "mitmproxy.proxy.layers.http:Http1Client.mark_done": ("self", "request", "response"),
    "mitmproxy.proxy.layers.http:Http1Client.send": ("self", "event"),
    "mitmproxy.proxy.layers.http:Http2Server": ("context",),
    "mitmproxy.proxy.layers.http:HttpClient": ("context",),
    "mitmproxy.proxy.layers.http:HttpEvent": None,
    "mitmproxy.proxy.layers.http:HttpLayer._handle_event": ("self", "event"),
    "mitmproxy.proxy.layers.http:HttpLayer.event_to_child": ("self", "child", "event"),
    "mitmproxy.proxy.layers.http:HttpLayer.get_connection": ("self", "event", "reuse"),
    "mitmproxy.proxy.layers.http:HttpLayer.make_stream": ("self", "stream_id"),
    "mitmproxy.proxy.layers.http:HttpLayer.register_connection": ("self", "command"),
    "mitmproxy.proxy.layers.http:HttpStream": ("context", "stream_id"),
    "mitmproxy.proxy.layers.http:HttpStream._handle_event": ("self", "event"),
    "mitmproxy.proxy.layers.http:HttpStream.check_killed": ("self", "emit_error_hook"),
    "mitmproxy.proxy.layers.http:HttpStream.handle_protocol_error": ("self", "event"),
    "mitmproxy.proxy.layers.http:HttpStream.make_server_connection": ("self",),
    "mitmproxy.proxy.layers.http:HttpStream.send_response": ("self", "already_streamed"),
    "mitmproxy.proxy.layers.http:HttpStream.state_consume_request_body": ("self", "event"),
    "mitmproxy.proxy.layers.http:HttpStream.state_errored": ("self", "_"),
    "mitmproxy.proxy.layers.http._http_h2:BufferedH2Connection.stream_window_updated": ("self", "stream_id"),
    "mitmproxy.proxy.layers.http._upstream_proxy:HttpUpstreamProxy": ("ctx", "tunnel_conn", "send_connect"),
    "mitmproxy.proxy.layers.http._upstream_proxy:HttpUpstreamProxy.start_handshake": ("self",),
    "mitmproxy.proxy.layers.http:ReceiveHttp": ("event",),
    "mitmproxy.proxy.layers.http:RegisterHttpConnection": ("connection", "err"),
    "mitmproxy.proxy.layers.http:RequestData": ("stream_id", "data"),
    "mitmproxy.proxy.layers.http:RequestEndOfMessage": ("stream_id",),
    "mitmproxy.proxy.layers.http:RequestHeaders": ("stream_id", "request", "end_stream", "replay_flow"),
    "mitmproxy.proxy.layers.http:RequestProtocolError": ("stream_id", "message", "code"),
    "mitmproxy.proxy.layers.http:ResponseData": ("stream_id", "data"),
    "mitmproxy.proxy.layers.http:ResponseEndOfMessage": ("stream_id",),
    "mitmproxy.proxy.layers.http:ResponseHeaders": ("stream_id", "response", "end_stream"),
    "mitmproxy.proxy.layers.http:ResponseProtocolError": ("stream_id", "message", "code"),
    "mitmproxy.proxy.layers.http:SendHttp": ("event", "connection"),
    "mitmproxy.proxy.layers.tls:HTTP1_ALPNS": None,
    "mitmproxy.proxy.layers.tls:ServerTLSLayer": ("context", "conn"),
    "mitmproxy.proxy.server:ConnectionHandler.server_event": ("self", "event"),
    "mitmproxy.proxy.server:TimeoutWatchdog.register_activity": ("self",),
    "mitmproxy.proxy.tunnel:LayerStack": (),
    "mitmproxy.proxy.tunnel:TunnelLayer": ("context", "tunnel_connection", "conn"),
    "mitmproxy.proxy.tunnel:TunnelLayer.receive_data": ("self", "data"),
    "mitmproxy.proxy.tunnel:TunnelLayer.receive_handshake_data": ("self", "data"),
    "mitmproxy.proxy.tunnel:TunnelLayer.start_handshake": ("self",),
    "mitmproxy.utils.asyncio_utils:create_task": ("coro", "name", "keep_ref", "client"),
}


def problem() -> str | None:
    """Why the engine can't work in this mitmproxy; None where it can."""
    found = tuple(int(part) for part in version.VERSION.split(".")[:3] if part.isdigit())
    if not OLDEST <= found < FIRST_UNKNOWN:
        return f"version {version.VERSION}"
    moved = [name for name, parameters in NAMES.items() if not is_as_known(name, parameters)]
    return f"other than expected: {', '.join(moved)}" if moved else None


def is_as_known(name: str, parameters: tuple[str, ...] | None) -> bool:
    """Whether `module:Thing.part` is there, with these parameters."""
    module, _, path = name.partition(":")
    try:
        thing: object = importlib.import_module(module)
        for part in path.split("."):
            thing = getattr(thing, part)
        if parameters is None:
            return True
        return callable(thing) and tuple(inspect.signature(thing).parameters) == parameters
    except (ImportError, AttributeError, ValueError):
        return False
