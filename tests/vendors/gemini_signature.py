"""Signatures of thoughts: opaque bytes that the vendor knows again, in either alphabet of base64."""

import base64
import hashlib
import hmac
from typing import Final

KEY: Final = b"simulated-gemini"
MARK: Final = b"\x12sim-gemini"
SKIP: Final = "skip_thought_signature_validator"
"""Stands for the signature of a call that comes from elsewhere.

Source: ai.google.dev/gemini-api/docs/thought-signatures.
"""


def sign(thinking: str) -> str:
    """The signature of a thought."""
    return base64.b64encode(MARK + hmac.digest(KEY, thinking.encode(), hashlib.sha256)).decode()


def is_ours(signature: str) -> bool:
    """Whether this vendor made it."""
    plain = signature.replace("-", "+").replace("_", "/")
    return base64.b64decode(plain + "=" * (-len(plain) % 4)).startswith(MARK)
