"""Which credential a client's session stays with. Pure: the clock is passed in."""

from typing import Final

MOST_SESSIONS: Final = 10240


class Sessions:
    """Who answers whose session, for each model of a pool. A binding ends when it was not used for `ttl_s`; with 0 or
    less there are none. Where there are too many, the one that was not used for longest goes."""

    def __init__(self, ttl_s: float, most: int = MOST_SESSIONS) -> None:
        self._ttl_s = ttl_s
        self._most = most
        self._bound: dict[tuple[str, str, str], tuple[str, float]] = {}  # the longest unused first

    @property
    def size(self) -> int:
        """How many bindings are kept. No __len__: without any, the object must not be false."""
        return len(self._bound)

    def bound(self, pool: str, session: str, model: str, now_s: float) -> str | None:
        """The id of the session's credential, None where it has none. To look it up is to use it."""
        about = (pool, session, model)
        binding = self._bound.pop(about, None)
        if binding is None or now_s >= binding[1]:
            return None
        self._bound[about] = (binding[0], now_s + self._ttl_s)
        return binding[0]

    def bind(self, pool: str, session: str, model: str, credential: str, now_s: float) -> None:
        """The session stays with this credential from now on."""
        if self._ttl_s <= 0:
            return
        about = (pool, session, model)
        self._bound.pop(about, None)
        self._bound[about] = (credential, now_s + self._ttl_s)
        for _ in range(2):  # One more than came, so that those that have ended go as well.
            eldest = next(iter(self._bound))
            if len(self._bound) > self._most or now_s >= self._bound[eldest][1]:
                del self._bound[eldest]

    def unbind(self, pool: str, session: str, model: str, credential: str) -> None:
        """The session is free again, unless it was bound to another credential meanwhile."""
        about = (pool, session, model)
        if about in self._bound and self._bound[about][0] == credential:
            del self._bound[about]
