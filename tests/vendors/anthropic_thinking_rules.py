"""What Anthropic's Messages API refuses around thinking."""

from typing import Final

from tests.vendors.anthropic_signature import is_ours
from tests.vendors.anthropic_turns import all_blocks, turns, version_of
from tests.vendors.rules import Asked, Refusal, RuleBook

DOCS: Final = "platform.claude.com/docs/en"
MIN_BUDGET: Final = 1024
THOUGHTS: Final = ("thinking", "redacted_thinking")

THINKING: Final = RuleBook()


def _thinking(asked: Asked) -> str:
    return str((asked.body.get("thinking") or {}).get("type", "disabled"))


@THINKING.rule("anthropic.types.ThinkingConfigEnabledParam.budget_tokens: >= 1024 and less than max_tokens")
def thinking_budget_fits(asked: Asked) -> None:
    if _thinking(asked) != "enabled":
        return
    budget = asked.body["thinking"]["budget_tokens"]
    if budget < MIN_BUDGET:
        raise Refusal("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if "max_tokens" in asked.body and budget >= asked.body["max_tokens"]:
        raise Refusal("`max_tokens` must be greater than `thinking.budget_tokens`.")


@THINKING.rule(
    f"{DOCS}/build-with-claude/thinking-troubleshooting: 4.7 and later reject enabled, 4.5 and earlier know no other; "
    "github.com/CherryHQ/cherry-studio/issues/15933"
)
def thinking_kind_fits_the_model(asked: Asked) -> None:
    version = version_of(asked.body["model"])
    if _thinking(asked) == "enabled" and version >= (4, 7):
        raise Refusal(
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.'
        )
    if _thinking(asked) == "adaptive" and (0, 0) < version <= (4, 5):
        raise Refusal("adaptive thinking is not supported on this model")


@THINKING.rule(f"{DOCS}/build-with-claude/extended-thinking: not with temperature, top_k; top_p 0.95 to 1")
def thinking_leaves_sampling_alone(asked: Asked) -> None:
    if _thinking(asked) == "disabled":
        return
    if asked.body.get("temperature", 1) != 1:
        raise Refusal("`temperature` may only be set to 1 when thinking is enabled.")
    if "top_k" in asked.body:
        raise Refusal("`top_k` must be unset when thinking is enabled.")
    if asked.body.get("top_p", 1) < 0.95:
        raise Refusal("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")


@THINKING.rule(
    f"{DOCS}/build-with-claude/extended-thinking: only tool_choice auto or none; adaptive allows forced tools"
)
def thinking_does_not_force_tools(asked: Asked) -> None:
    choice = (asked.body.get("tool_choice") or {}).get("type")
    if _thinking(asked) == "enabled" and choice in ("any", "tool"):
        raise Refusal("Thinking may not be enabled when tool_choice forces tool use.")


@THINKING.rule(
    "recorded clients: the assistant turn that is answered with tool results must start with its thinking block"
)
def thinking_turn_starts_with_its_thoughts(asked: Asked) -> None:
    if _thinking(asked) != "enabled":
        return
    conversation = turns(asked)
    if conversation[-1][0] == "assistant":
        raise Refusal(
            f"messages.{len(conversation) - 1}: When `thinking` is enabled, pre-filling the assistant message is not "
            "supported."
        )
    if len(conversation) < 2 or not any(block["type"] == "tool_result" for block in conversation[-1][1]):
        return
    first = conversation[-2][1][0]["type"]
    if first not in THOUGHTS:
        raise Refusal(
            f"messages.{len(conversation) - 2}.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
            f"`{first}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block "
            "(preceeding the lastmost set of `tool_use` and `tool_result` blocks)."
        )


@THINKING.rule("recorded clients: thinking blocks need their signature, unchanged; other vendors' tokens are refused")
def signatures_are_ours(asked: Asked) -> None:
    for place, block in all_blocks(asked):
        if block["type"] == "thinking" and not is_ours(block["thinking"], block["signature"]):
            raise Refusal(f"{place}: Invalid `signature` in `thinking` block")
        if block["type"] == "redacted_thinking" and not is_ours("redacted", block["data"]):
            raise Refusal(f"{place}: Invalid `data` in `redacted_thinking` block")
