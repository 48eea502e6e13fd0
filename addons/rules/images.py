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
    """Takes the tool out, and the choice of it. What has been changed, for people.

    Vendors refuse a choice among no tools, and one of a tool that is not there.
    """
    told = []
    tools, choice = body.get("tools"), body.get("tool_choice")
    if tools is not None and _taken_out(tools):
        told.append("disable-image-generation tools")
        if not len(tools):
            body.drop("tools")
            if choice is not None:
                body.drop("tool_choice")
            return told
    if choice is None:
        return told
    allowed = choice.get("tools")
    if TOOL in (_text(choice), _text(choice.get("type"))):
        body.drop("tool_choice")
    elif allowed is None or not _taken_out(allowed):
        return told
    elif not len(allowed):
        choice.replace(b'"none"')
    return [*told, "disable-image-generation tool_choice"]


def _taken_out(tools: Value) -> bool:
    """Whether it was among them."""
    found = [index for index, tool in enumerate(tools.items()) if _text(tool.get("type")) == TOOL]
    for index in reversed(found):
        tools.drop(index)
    return bool(found)


def _text(value: Value | None) -> str | None:
    return None if value is None else value.text
