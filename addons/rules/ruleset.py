"""The rules on bodies of one config."""

from collections.abc import Sequence
from typing import Final

from addons.rules.payload import PayloadRules, Ruled
from addons.rules.prompt import PromptRules
from addons.settings.model import Settings
from translators.dialect import Operation

SHOWN: Final = 12


class Rules:
    """What is done to a request on its way. Where no rule is about it, its bytes are the ones that came."""

    def __init__(self, settings: Settings) -> None:
        self.payload = PayloadRules(settings.payload, withdraws_images=settings.disable_image_generation)
        self.prompts = PromptRules(settings.prompt_rules)

    def prompted(self, body: bytes, *, asked: str, client: str, operation: Operation, routed: str = "") -> Ruled:
        """The client's body under the prompt rules; a compaction is no prompt. `routed`: which model of a route."""
        if not self.prompts or operation is Operation.COMPACT:
            return Ruled(body)
        return self.prompts.apply(body, asked=asked, client=client, routed=routed)


def ruled_text(told: Sequence[str]) -> str:
    """What rules have changed, as many places as fit into a line."""
    more = len(told) - SHOWN
    return ", ".join(told[:SHOWN]) + (f" and {more} more" if more > 0 else "")
