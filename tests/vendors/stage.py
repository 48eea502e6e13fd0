"""How a reply leaves a simulated vendor: its rhythm, and where it breaks off."""

import asyncio
from collections.abc import Mapping

from tests.vendors.behaviour import Break, How, Reply
from tests.vendors.compressing import CompressingSender
from tests.vendors.server import Sender


async def play_stream(
    reply: Reply, sender: Sender, headers: Mapping[str, str], frames: list[bytes], error: bytes
) -> None:
    """A stream. `error` is the frame that ends it where the reply breaks with one."""
    fault = reply.broken
    sender = _dressed(sender, reply)
    await asyncio.sleep(reply.delay_s)
    if fault is not None and fault.after is None and await _break(fault, sender):
        return
    await sender.head(200, headers)
    cut = len(frames) if fault is None or fault.after is None else min(fault.after, len(frames))
    await _write(frames[:cut], reply, sender)
    if fault is not None and fault.after is not None:
        if fault.how is How.ERROR:
            await sender.data(error)
            await sender.end()
            return
        if await _break(fault, sender):
            return
    await _write(frames[cut:], reply, sender)
    await sender.end()


async def play_whole(reply: Reply, sender: Sender, headers: Mapping[str, str], body: bytes, error: bytes) -> None:
    """One JSON body; a break comes before the head, behind it, or in the middle of the body."""
    fault = reply.broken
    sender = _dressed(sender, reply)
    await asyncio.sleep(reply.delay_s)
    if fault is None:
        await sender.whole(200, headers, body)
        return
    if fault.how is How.ERROR:
        await sender.whole(200, headers, error)
        return
    if fault.after is None and await _break(fault, sender):
        return
    await sender.head(200, {**headers, "content-length": str(len(body))})
    cut = len(body) // 2 if fault.after else 0
    if cut:
        await sender.data(body[:cut])
    if fault.after is not None and await _break(fault, sender):
        return
    await sender.data(body[cut:])
    await sender.end()


def _dressed(sender: Sender, reply: Reply) -> Sender:
    return CompressingSender(sender, reply.compressed) if reply.compressed else sender


async def _write(frames: list[bytes], reply: Reply, sender: Sender) -> None:
    if reply.pace_s:
        for frame in frames:
            await sender.data(frame)
            await asyncio.sleep(reply.pace_s)
        return
    size = max(1, -(-len(frames) // reply.writes))
    for start in range(0, len(frames), size):
        await sender.data(b"".join(frames[start : start + size]))


async def _break(fault: Break, sender: Sender) -> bool:
    """Does what the fault says below HTTP; False where the reply goes on."""
    match fault.how:
        case How.RESET:
            await sender.reset()
        case How.CLOSE:
            await sender.close()
        case How.SILENCE | How.ERROR:
            await asyncio.sleep(fault.seconds)
            return False
    return True
