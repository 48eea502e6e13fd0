"""Takes secrets out of texts that people see."""

import re
from collections.abc import Iterable
from typing import Final

MASK: Final = "***"

_SECRETS: Final = re.compile(
    r"""
      (?<=://)[^\s/@]+(?=@)                                          # user:password@ in a URL
    | (?<=bearer\s)[\w.~+/=-]{6,}                                    # an Authorization header's value
    | \b(?:sk|pk|rk|gsk|xai|nvapi|ghp|gho|ghu|hf|r8|pplx|tgp|csk)[-_](?=[\w.-]*[\d*])[\w*.-]{6,}  # vendors' prefixes
    | \bAIza[\w-]{10,} | \bya29\.[\w.-]{10,} | \beyJ[\w-]{8,}(?:\.[\w-]*){1,2}    # Google keys, tokens, JWTs
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                                   # mail addresses
    | \b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{40,}                     # anything long and random
    """,
    re.VERBOSE | re.IGNORECASE,
)


def masked(text: str, *secrets: str) -> str:
    """The text without what looks like a secret, and without those given."""
    return _SECRETS.sub(MASK, without(text, secrets))


def without(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text


def line(text: str, limit: int = 200) -> str:
    """Text of others as one masked line of at most so many characters."""
    flat = masked(" ".join(text[: 16 * limit].split()))
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
