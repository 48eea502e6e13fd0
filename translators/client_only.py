"""What a dialect that only clients speak has in place of the functions for upstreams (see Dialect.client_only)."""

from typing import NoReturn


def never_asked(*_: object) -> NoReturn:
    """Raises NotImplementedError: whoever gets here has a provider of a dialect that none may have."""
    raise NotImplementedError("only clients speak this dialect: no upstream is asked in it")
