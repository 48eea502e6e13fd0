"""What a vendor's own tools did, in words.

For a history that another vendor goes on with: no vendor takes back what ran elsewhere, but the answers after it rest
on what was found.
"""

from typing import Final

import msgspec

from translators.conversation import HostedCall, HostedResult
from translators.jsonio import UNREADABLE
from translators.notes import Citation

_ARGUMENTS: Final = msgspec.json.Decoder(dict[str, object])


def words_of(part: HostedCall | HostedResult) -> str:
    """ "" of a result that is not known: some vendors keep it to themselves."""
    tool = part.tool.replace("_", " ")
    if isinstance(part, HostedCall):
        return call_words(f"a {tool}", part.arguments)
    found = "\n".join(filter(None, (*map(_source, part.sources), part.text)))
    return result_words(tool, found, failed=part.failed) if found or part.failed else ""


def call_words(tool: str, arguments: str) -> str:
    """That a tool ran, and what it was asked: a JSON object."""
    asked = _asked(arguments)
    return f"(Here ran {tool}: {asked})" if asked else f"(Here ran {tool}.)"


def result_words(tool: str, found: str, *, failed: bool) -> str:
    """What it gave back."""
    if failed:
        return f"(The {tool} failed: {found})" if found else f"(The {tool} failed.)"
    return f"(Result of the {tool}:\n{found})"


def _asked(arguments: str) -> str:
    """The one thing that was asked, "" for none; where there are several, all of them as they were said."""
    try:
        told = list(_ARGUMENTS.decode(arguments).values()) or [""]
    except UNREADABLE:
        return arguments
    return told[0] if len(told) == 1 and isinstance(told[0], str) else arguments


def _source(source: Citation) -> str:
    """A page, or a piece of a file; with its own words, where they are known."""
    place = source.url or source.file_id
    name = f"{source.title}: {place}" if source.title and place else source.title or place
    return f"- {name}\n{source.quote}" if source.quote else f"- {name}"
