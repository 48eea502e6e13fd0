"""The list of models as OpenAI gives it, and those who look like it."""

import json
from collections.abc import Iterable
from typing import Final

CREATED_S: Final = 1_760_000_000
"""When everything simulated was made."""


def model_list(names: Iterable[str]) -> bytes:
    """The body of GET /models."""
    data = [{"id": name, "object": "model", "created": CREATED_S, "owned_by": "simulated"} for name in names]
    return json.dumps({"object": "list", "data": data}).encode()
