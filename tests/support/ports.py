"""Ports on loopback."""

import itertools
import random
import socket
from typing import Final

# Below those that systems give to outgoing connections and to who binds to port 0 (Linux: from 32768 on): between the
# look and the use of a port, another test would be given it.
_PORTS: Final = range(20_000, 32_000)
_turns: Final = itertools.count(random.randrange(len(_PORTS)))


def free_port() -> int:
    """One that nobody listens on now."""
    for turn in itertools.islice(_turns, len(_PORTS)):
        port = _PORTS[turn % len(_PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("all ports are taken")
