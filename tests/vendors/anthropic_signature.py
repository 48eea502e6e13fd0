"""Signatures of thinking: the vendor knows its own again, and only where the thought is unchanged."""

import base64
import hashlib
import hmac
from typing import Final

KEY: Final = b"simulated-anthropic"


def sign(thinking: str) -> str:
    """The signature of a thought."""
    return base64.b64encode(b"\x12sim" + hmac.digest(KEY, thinking.encode(), hashlib.sha256)).decode()


def is_ours(thinking: str, signature: str) -> bool:
    """Whether this vendor signed just that."""
    return hmac.compare_digest(sign(thinking), signature)
