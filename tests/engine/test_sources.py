"""The methods that the engine overrides or relies on inside are, word for word, those that it was written against."""

import hashlib
import importlib
import inspect

import pytest
from mitmproxy import version

READ = {
    "mitmproxy.addonmanager:AddonManager._iter_hooks": "350b419ab7284091",
    "mitmproxy.addonmanager:AddonManager.handle_lifecycle": "38c97e792d1db5b7",
    "mitmproxy.addonmanager:AddonManager.invoke_addon": "13180532440359de",
    "mitmproxy.addonmanager:AddonManager.remove": "2e93aab2204a39f6",
    "mitmproxy.addonmanager:AddonManager.trigger_event": "b763c59bc4992e33",
    "mitmproxy.addonmanager:safecall": "f2052c18340e99b0",
    "mitmproxy.addons.script:Script.loadscript": "f2972abb206ff2fe",
    "mitmproxy.proxy.layer:Layer._Layer__continue": "1b275367b37bed01",
    "mitmproxy.proxy.layer:Layer.handle_event": "fd88b0fb09ceddbb",
    "mitmproxy.proxy.layers.http:Http1Client.read_headers": "415454c5fa8b5981",
    "mitmproxy.proxy.layers.http:Http1Client.send": "35d961e20d481204",
    "mitmproxy.proxy.layers.http:HttpLayer._handle_event": "6ba31883cc7a06b3",
    "mitmproxy.proxy.layers.http:HttpLayer.event_to_child": "1095f6e1581d1780",
    "mitmproxy.proxy.layers.http:HttpLayer.get_connection": "1aa1c63e3175766c",
    "mitmproxy.proxy.layers.http:HttpLayer.make_stream": "654959c6e74548e1",
    "mitmproxy.proxy.layers.http:HttpLayer.register_connection": "deed6282affc431f",
    "mitmproxy.proxy.layers.http:HttpStream._handle_event": "e3cbfef7310ae81f",
    "mitmproxy.proxy.layers.http:HttpStream.check_killed": "368cad352d1e82b6",
    "mitmproxy.proxy.layers.http:HttpStream.flow_done": "ad9969744785c572",
    "mitmproxy.proxy.layers.http:HttpStream.handle_protocol_error": "59fc3b2eeeabf63a",
    "mitmproxy.proxy.layers.http:HttpStream.send_response": "d581bc106152e369",
    "mitmproxy.proxy.layers.http:HttpStream.state_consume_request_body": "45459c1bbd8bdb1a",
    "mitmproxy.proxy.layers.http._http1:Http1Connection.mark_done": "dc5ed395ce4f0763",
    "mitmproxy.proxy.layers.http._http1:Http1Connection.read_body": "aece271029af36e4",
    "mitmproxy.proxy.mode_servers:ProxyConnectionHandler.handle_hook": "9f8b52fd798203c9",
    "mitmproxy.proxy.server:ConnectionHandler.close_connection": "c0d10cc05dd65b80",
    "mitmproxy.proxy.server:ConnectionHandler.hook_task": "9ac7970160526268",
    "mitmproxy.proxy.server:ConnectionHandler.open_connection": "5e0b3cbaf7a4030a",
    "mitmproxy.proxy.server:ConnectionHandler.server_event": "a2b42657ebe8bf6d",
}


def fingerprint(name: str) -> str:
    module, _, path = name.partition(":")
    thing: object = importlib.import_module(module)
    for part in path.split("."):
        thing = getattr(thing, part)
    return hashlib.sha256(inspect.getsource(thing).encode()).hexdigest()[:16]  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "known"), READ.items(), ids=READ.keys())
def test_the_source_is_the_one_that_was_read(name: str, known: str) -> None:
    assert fingerprint(name) == known, (
        f"{name} of mitmproxy {version.VERSION} reads differently: see whether addons/engine still fits it, "
        f"then write {fingerprint(name)} here"
    )
