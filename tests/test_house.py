"""The rules of the house that no linter knows."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
MODULES = sorted(path for folder in ("addons", "translators") for path in (ROOT / folder).rglob("*.py"))
LOCKS = [ROOT / "requirements.lock", ROOT / "tests" / "requirements.lock"]
PRIVATE = ("mitmproxy.proxy", "mitmproxy.addonmanager", "mitmproxy.addons", "mitmproxy.tools")
DOCUMENTED = ("mitmproxy.addonmanager.Loader",)  # what every addon's load() is given
MAY_BE_PRIVATE = ("addons/engine/", "addons/console/")
MAX_LINES = 400


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


def imported(path: Path) -> Iterator[str]:
    """The full names that a module imports, `from a import b` as a.b."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_private(name: str) -> bool:
    if not name.startswith("mitmproxy.") or name in DOCUMENTED:
        return False
    return name.startswith(PRIVATE) or any(part.startswith("_") for part in name.split("."))


@pytest.mark.parametrize(
    "path", [path for path in MODULES if not name_of(path).startswith(MAY_BE_PRIVATE)], ids=name_of
)
def test_only_engine_and_console_touch_private_parts_of_mitmproxy(path: Path) -> None:
    assert [name for name in imported(path) if is_private(name)] == []


@pytest.mark.parametrize(
    ("name", "private"),
    [
        ("mitmproxy.http.HTTPFlow", False),
        ("mitmproxy.proxy.layers.http.HttpStream", True),
        ("mitmproxy.addons.next_layer", True),
        ("mitmproxy.http._thing", True),
        ("mitmproxy.addonmanager.Loader", False),
        ("mitmproxy.addonmanager.AddonManager", True),
        ("os._exit", False),
    ],
)
def test_what_counts_as_private(name: str, private: bool) -> None:
    assert is_private(name) is private


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_use_full_names(path: Path) -> None:
    """`import gateway` would find addons/gateway.py a second time, as another module."""
    relative = [
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []
    ours = {other.stem for other in (ROOT / "addons").iterdir()}
    assert [
        name for name in imported(path) if name.split(".")[0] in ours - {"__init__"} - set(sys.stdlib_module_names)
    ] == []


def test_no_file_of_addons_is_named_after_a_module_of_the_standard_library() -> None:
    """mitmproxy puts addons/ on sys.path: any library's `import calendar` would find ours."""
    names = {path.stem for path in (ROOT / "addons").iterdir()} - {"__init__", "__pycache__"}
    assert names & sys.stdlib_module_names == set()


@pytest.mark.parametrize("path", LOCKS, ids=name_of)
def test_a_lock_file_pins_by_hash_and_names_no_index(path: Path) -> None:
    text = path.read_text()
    assert re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host|^-i ", text, re.MULTILINE) is None
    pinned = re.findall(r"^[A-Za-z0-9][^\n]*(?:\n[ \t]+[^\n]+)*", text, re.MULTILINE)
    assert pinned
    assert [line.split()[0] for line in pinned if "==" not in line or "--hash=sha256:" not in line] == []


def fixtures() -> list[Path]:
    return [path for path in sorted(FIXTURES.rglob("*")) if path.suffix in (".sse", ".json") and path.is_file()]


@pytest.mark.parametrize("path", fixtures(), ids=name_of)
def test_a_fixture_names_its_source(path: Path) -> None:
    sources = (path.parent / "SOURCES").read_text()
    assert re.search(rf"^{re.escape(path.name)}\s+\S", sources, re.MULTILINE)


@pytest.mark.parametrize("name", ["pyproject.toml", "README.md", "config.example.yaml", "LICENSE"])
def test_the_top_of_the_tree_is_the_customers(name: str) -> None:
    assert (ROOT / name).is_file()


def test_nothing_else_stands_at_the_top_of_the_tree() -> None:
    allowed = {"pyproject.toml", "README.md", "addons", "translators", "config.example.yaml", "tests", "scripts"}
    allowed |= {"LICENSE", "requirements.lock", "config.yaml", "CONTRIBUTING.md"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - allowed == set()
