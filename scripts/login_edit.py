"""Adds an item to a list in a YAML text, and leaves every line that is there as it is."""

import copy
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

NO_WRAP: Final = 1 << 20

type Path = tuple[str | int, ...]
type Item = Mapping[str, str | int | Sequence[Mapping[str, str]]]


class EditError(Exception):
    """The text is laid out in a way that can't be edited safely."""


def add_item(text: str, path: Path, item: Item) -> str:
    """The text with the item at the end of the list at `path` (keys and indexes), which is made where it is absent.

    Lists in block style, the usual one, get new lines and nothing else changes. Other styles are written anew, with
    comments and order kept. What the result says is compared with what it should. Raises EditError.
    """
    wanted = _apart(yaml.safe_load(text) or {})
    _list_at(wanted, path).append(json.loads(json.dumps(item)))
    for attempt in (_insert, _rewrite):
        try:
            edited = attempt(text, path, item)
            if yaml.safe_load(edited) == wanted:
                return edited
        except (EditError, yaml.YAMLError):
            continue
    raise EditError(f"{path[0]} is written in a way that can't be edited here: add the key by hand")


def _apart(tree: Any) -> Any:
    """A copy in which no two places are one list: an alias must not get what is meant for its anchor."""
    if isinstance(tree, dict):
        return {key: _apart(value) for key, value in tree.items()}
    return [_apart(value) for value in tree] if isinstance(tree, list) else tree


def _list_at(tree: Any, path: Path) -> list[Any]:
    for step in path[:-1]:
        tree = tree[step]
    last = path[-1]
    if tree.get(last) is None:
        tree[last] = []
    found = tree[last]
    if not isinstance(found, list):
        raise EditError(f"{last} is no list")
    return found


def _insert(text: str, path: Path, item: Item) -> str:
    """New lines at the right place. Raises EditError where there is none."""
    root = yaml.compose(text, yaml.SafeLoader)
    parent, name = _parent(root, path), str(path[-1])
    found = None if parent is None else _value(parent, name)
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += ending
    if found is None:
        at = len(lines) if parent is root or parent is None else _last_line(parent) + 1
        column = 0 if parent is None else parent.start_mark.column
        new = [f"{' ' * column}{name}:", *_rendered(item, column + 2)]
    elif isinstance(found, yaml.SequenceNode) and not found.flow_style:
        at, new = _last_line(found) + 1, _rendered(item, found.start_mark.column)
    elif found.start_mark.line == found.end_mark.line and not found.value:  # Nothing at all, or `[]`.
        line, start, end = found.start_mark.line, found.start_mark.column, found.end_mark.column
        lines[line] = f"{lines[line][:start].rstrip(' ')}{lines[line][end:]}"
        assert parent is not None
        at, new = line + 1, _rendered(item, parent.start_mark.column + 2)
    else:
        raise EditError(f"{name} is not in block style")
    return "".join([*lines[:at], *(f"{line}{ending}" for line in new), *lines[at:]])


def _parent(root: yaml.Node | None, path: Path) -> yaml.MappingNode | None:
    """The mapping that holds the list; None in an empty file."""
    node = root
    for step in path[:-1]:
        node = node.value[step] if isinstance(node, yaml.SequenceNode) else _value(node, str(step))
    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise EditError("not in block style")
    return node


def _value(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        raise EditError("not a mapping")
    return next((value for key, value in node.value if key.value == name), None)


def _last_line(node: yaml.Node) -> int:
    """Where what it says ends; its own end mark lies behind the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(node, yaml.MappingNode) else last)
    block_scalar = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    line: int = node.end_mark.line
    return line - 1 if block_scalar else line


def _rendered(item: Item, column: int) -> list[str]:
    """The item as lines, its dash in that column. JSON's strings are YAML's too."""
    lines = [f"{' ' * column}  {line}" for line in _pairs(item)]
    lines[0] = f"{' ' * column}- {lines[0].lstrip()}"
    return lines


def _pairs(item: Item) -> Iterator[str]:
    for key, value in item.items():
        if isinstance(value, str | int):
            yield f"{key}: {json.dumps(value)}"
            continue
        yield f"{key}:"
        for inner in value:
            yield from _rendered(inner, 2)


def _rewrite(text: str, path: Path, item: Item) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    parser = YAML()
    parser.preserve_quotes = True
    parser.width = NO_WRAP
    parser.indent(mapping=2, sequence=4, offset=2)
    try:
        tree = parser.load(text)
        _list_at(tree, path).append(copy.deepcopy(dict(item)))
        written = io.StringIO()
        parser.dump(tree, written)
    except YAMLError as error:
        raise EditError(str(error)) from error
    return written.getvalue()
