"""Regular expressions of the user's config, as CLIProxyAPI reads them: Go's, which are RE2's.

RE2's time is linear in the text. Python's own would hold up every client for minutes where one such as `(\\w+\\s*)+$`
meets a long prompt, and reads `\\z`, `\\pL`, `(?U)` and `[[:alpha:]]` as something else or not at all.
"""

from typing import Any, Final, Protocol

_LONGEST_SHOWN: Final = 6
"""What is named of a pattern that can't be read; more of it may be a secret."""


class Regexp(Protocol):
    """What is done with one."""

    def search(self, text: str, /) -> object | None:
        """Where it is found."""

    def sub(self, repl: str, text: str, /) -> str:
        """The text with what it finds replaced."""


def compiled(written: str) -> Regexp:
    """Raises ValueError in words for the config's author, which show nothing long of what is written."""
    try:
        import re2  # Its 20 ms and 3 MB are for those who write one.
    except ImportError as error:
        raise ValueError("can't be read without the package google-re2: start with scripts/run") from error
    options = re2.Options()
    options.log_errors = False
    try:
        regexp: Regexp = re2.compile(written, options)
    except re2.error as error:
        raise ValueError(f"is no regular expression of RE2 (Go's): {_said(error.args[0])}") from None
    except UnicodeEncodeError:
        raise ValueError("is no regular expression of RE2 (Go's): holds half a character") from None
    return regexp


def _said(reason: Any) -> str:
    words: str = reason.decode("utf-8", "replace")
    complaint, _, place = words.partition(": ")
    return words if len(place) <= _LONGEST_SHOWN else complaint
