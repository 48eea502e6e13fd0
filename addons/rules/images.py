"""`disable-image-generation`: upstreams are not offered the vendor's tool that makes images.

Before the payload rules, so that one of them may offer it again. Source: CLIProxyAPI's payload_helpers.go.
"""

from typing import Final

from addons.rules.document import Value

TOOL: Final = "image_generation"


def may_be_offered(body: bytes) -> bool:
    """Whether it is worth while to look."""
    return TOOL.encode() in body


def withdraw(body: Value) -> list[str]:
    """Takes the tool out, and the choice of it. What has been changed, for people."""
    told = []
    tools = body.get("tools")
    if tools is not None:
        offered = [index for index, tool in enumerate(tools.items()) if _text(tool.get("type")) == TOOL]
        for index in reversed(offered):
            tools.drop(index)
        told += ["disable-image-generation tools"] if offered else []
    choice = body.get("tool_choice")
    if choice is not None and TOOL in (_text(choice), _text(choice.get("type"))):
        body.drop("tool_choice")
        told.append("disable-image-generation tool_choice")
    return told


def _text(value: Value | None) -> str | None:
    return None if value is None else value.text
