"""Fields that chat completions don't take beside each other: OpenAI itself (GENUINE), compatibles too (COMPATIBLE)."""

from typing import Final

from tests.vendors.rules import Asked, Refusal, RuleBook

GENUINE: Final = RuleBook()
COMPATIBLE: Final = RuleBook()


@GENUINE.rule("answered by the vendor: github.com/langchain-ai/langgraph/issues/5943")
def one_limit_is_set(asked: Asked) -> None:
    if asked.body.get("max_tokens") is not None and asked.body.get("max_completion_tokens") is not None:
        raise Refusal(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            param="max_tokens",
            code="invalid_parameter_combination",
        )


@GENUINE.rule("openai.types.chat.completion_create_params.top_logprobs: logprobs must be set to true")
@COMPATIBLE.rule("answered by DeepSeek: github.com/deepseek-ai/DeepSeek-V2/issues/9")
def top_logprobs_need_logprobs(asked: Asked) -> None:
    if asked.body.get("top_logprobs") is not None and not asked.body.get("logprobs"):
        raise Refusal("Invalid top_logprobs and logprobs value", param="top_logprobs")


@GENUINE.rule("platform.openai.com/docs/guides/function-calling: tool_choice names one of the tools")
@COMPATIBLE.rule("refused by vLLM: github.com/sgl-project/sglang/pull/28862")
def chosen_tools_are_there(asked: Asked) -> None:
    choice = asked.body.get("tool_choice")
    named = choice.get("function") or choice.get("custom") if isinstance(choice, dict) else None
    if named is None:
        return
    tools = [tool.get("function") or tool.get("custom") or {} for tool in asked.body.get("tools") or ()]
    if all(tool.get("name") != named["name"] for tool in tools):
        raise Refusal(f"Tool choice '{named['name']}' not found in 'tools' parameter.", param="tool_choice")
