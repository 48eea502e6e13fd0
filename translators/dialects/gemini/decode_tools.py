"""The tools of a request: functions, and Google's own."""

from collections.abc import Sequence
from typing import Final

from msgspec import Raw

from translators.conversation import Hosted, HostedTool, Loss, Tool
from translators.dialects.gemini import request_wire as wire
from translators.dialects.gemini.schema import from_google
from translators.dialects.gemini.wire import ABSENT
from translators.errors import BadRequest
from translators.jsonio import is_said

RESTRICTING: Final = ("ANY", "VALIDATED")
HOSTED: Final = {
    "google_search": Hosted.WEB_SEARCH,
    "google_search_retrieval": Hosted.WEB_SEARCH,
    "code_execution": Hosted.CODE_EXECUTION,
    "url_context": Hosted.WEB_FETCH,
}
ONLY_GOOGLES: Final = {
    "file_search": "fileSearch",
    "google_maps": "googleMaps",
    "computer_use": "computerUse",
    "retrieval": "retrieval",
    "enterprise_web_search": "enterpriseWebSearch",
    "parallel_ai_search": "parallelAiSearch",
    "mcp_servers": "mcpServers",
}


class ToolReader:
    """read(tools, config): once. `allowed`: the functions that may be called, where not all may."""

    def __init__(self, losses: list[Loss]) -> None:
        self._losses = losses
        self.tools: list[Tool] = []
        self.hosted: list[HostedTool] = []
        self.allowed: list[str] | None = None

    def read(self, tools: Sequence[wire.RequestTool], config: wire.ToolConfig | None) -> None:
        """Raises BadRequest."""
        for index, tool in enumerate(tools):
            path = f"$.tools[{index}]"
            for number, declared in enumerate(tool.function_declarations or ()):
                self.tools.append(self._function(declared, f"{path}.functionDeclarations[{number}]"))
            self._hosted(tool, path)
        if config is not None:
            self._configure(config)

    def _function(self, declared: wire.Declaration, path: str) -> Tool:
        if not declared.name:
            raise BadRequest(f"{path}.name", "a value: it is required")
        for name, raw in (("response", declared.response), ("responseJsonSchema", declared.response_json_schema)):
            if is_said(raw):
                self._losses.append(Loss(f"{path}.{name}", "the schema of a function's response"))
        if (declared.behavior or "").upper() == "NON_BLOCKING":
            self._losses.append(Loss(f"{path}.behavior", "functions that nobody waits for"))
        return Tool(declared.name, declared.description or "", _schema(declared, path))

    def _hosted(self, tool: wire.RequestTool, path: str) -> None:
        for name, kind in HOSTED.items():
            value = getattr(tool, name)
            if value is None or value is ABSENT or value == Raw(b"null"):
                continue
            if isinstance(value, wire.GoogleSearch):
                self.hosted.append(HostedTool(kind, blocked_domains=tuple(value.exclude_domains or ())))
                self._narrowed(value, f"{path}.googleSearch")
            else:
                self.hosted.append(HostedTool(kind))
                if bytes(value).strip() != b"{}":
                    self._losses.append(Loss(path, f"what is said about {kind}"))
        for name, word in ONLY_GOOGLES.items():
            if is_said(getattr(tool, name)):
                self._losses.append(Loss(f"{path}.{word}", "a tool that only Google has"))

    def _narrowed(self, search: wire.GoogleSearch, path: str) -> None:
        for name, raw in (
            ("blockingConfidence", search.blocking_confidence),
            ("searchTypes", search.search_types),
            ("timeRangeFilter", search.time_range_filter),
        ):
            if is_said(raw):
                self._losses.append(Loss(f"{path}.{name}", "only Google's search knows it"))

    def _configure(self, config: wire.ToolConfig) -> None:
        if is_said(config.retrieval_config):
            self._losses.append(Loss("$.toolConfig.retrievalConfig", "where the user is, for Google's own tools"))
        if config.include_server_side_tool_invocations:
            path = "$.toolConfig.includeServerSideToolInvocations"
            self._losses.append(Loss(path, "whether the vendor's own calls are shown"))
        calling, path = config.function_calling_config, "$.toolConfig.functionCallingConfig"
        if calling is None:
            return
        if calling.stream_function_call_arguments:
            self._losses.append(Loss(f"{path}.streamFunctionCallArguments", "arguments come whole"))
        mode = (calling.mode or "").upper()
        if mode == "VALIDATED":
            self._losses.append(Loss(f"{path}.mode", "VALIDATED was sent as AUTO"))
        if calling.allowed_function_names and mode in RESTRICTING:
            self._restrict(calling.allowed_function_names, f"{path}.allowedFunctionNames")

    def _restrict(self, names: Sequence[str], path: str) -> None:
        """Other vendors have no list of what may be called: they get no other tools, or hear of the one."""
        known = {tool.name for tool in self.tools}
        self.allowed = list(dict.fromkeys(name for name in names if name in known))
        if not self.allowed:
            raise BadRequest(path, "names of functions that are declared")
        if len(self.allowed) > 1 and len(self.allowed) < len(known):
            self.tools = [tool for tool in self.tools if tool.name in self.allowed]
            self._losses.append(Loss(path, "the functions that may not be called were left out"))


def _schema(declared: wire.Declaration, path: str) -> Raw | None:
    for name, raw in (
        ("parametersJsonSchema", declared.parameters_json_schema),
        ("parameters", declared.parameters),
    ):
        if is_said(raw):
            return from_google(raw, f"{path}.{name}")
    return None
