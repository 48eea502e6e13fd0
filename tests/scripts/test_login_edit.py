from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scripts.login_edit import EditError, Item, add_item
from scripts.login_edit import Path as Place

ROOT: Final = Path(__file__).parents[2]
ITEM: Final[Item] = {"api-key": "new", "models": [{"name": "m", "alias": "a"}]}
SECTION: Final[Place] = ("claude-api-key",)
ENTRY: Final[Place] = ("openai-compatibility", 1, "api-key-entries")

WRITTEN: Final = """\
# The head.
port:   8317   # odd spaces stay

claude-api-key:   # whose keys
  - api-key: 'old'  # quoted so
    headers: { X-Team: "blue" }
    models:
      - {name: x}

# Of the next section.
debug:    off
long: "one two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three"
openai-compatibility:
- name: one
  base-url: https://one.example/v1
- name: two
  base-url: https://two.example/v1
  api-key-entries:
  - api-key: old
  # after the key

  # before the end
"""


def is_kept(before: str, after: str) -> bool:
    """Whether every line stands there still, in its order."""
    left = iter(after.splitlines())
    return all(any(line == other for other in left) for line in before.splitlines())


@pytest.mark.parametrize("place", [SECTION, ENTRY, ("gemini-api-key",), ("openai-compatibility", 0, "api-key-entries")])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_line_stays_and_the_item_is_the_last_of_its_list(place: Place, ending: str) -> None:
    before = WRITTEN.replace("\n", ending)
    after = add_item(before, place, ITEM)
    assert is_kept(before, after)
    tree = yaml.safe_load(after)
    for step in place:
        tree = tree[step]
    assert tree[-1] == ITEM
    assert after.count(ending) == after.count("\n")


def test_the_item_stands_like_those_before_it() -> None:
    after = add_item(WRITTEN, SECTION, ITEM)
    assert '      - {name: x}\n  - api-key: "new"\n    models:\n      - name: "m"\n        alias: "a"\n\n# Of' in after
    assert '  - api-key: old\n  - api-key: "new"\n' in add_item(WRITTEN, ENTRY, {"api-key": "new"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'claude-api-key:\n  - api-key: "new"\n'),
        ("# only a comment", '# only a comment\nclaude-api-key:\n  - api-key: "new"\n'),
        ("claude-api-key:\nport: 1\n", 'claude-api-key:\n  - api-key: "new"\nport: 1\n'),
        ("claude-api-key: [] # none\nport: 1\n", 'claude-api-key: # none\n  - api-key: "new"\nport: 1\n'),
        ("claude-api-key:\n- api-key: old", 'claude-api-key:\n- api-key: old\n- api-key: "new"\n'),
        (
            "claude-api-key:\n  - api-key: |\n      old\nport: 1\n",
            'claude-api-key:\n  - api-key: |\n      old\n  - api-key: "new"\nport: 1\n',
        ),
    ],
)
def test_a_list_is_made_or_begun_where_there_is_none(before: str, after: str) -> None:
    assert add_item(before, SECTION, {"api-key": "new"}) == after


@pytest.mark.parametrize(
    "before",
    [
        "claude-api-key: [{api-key: old}]  # in a line\nport: 1  # its comment\n",
        '{"port": 1, "claude-api-key": [{"api-key": "old"}]}\n',
        "claude-api-key: ~\nport: 1\n",
        "claude-api-key:\n  [\n    {api-key: old},\n  ]\n",
        "port: 1\n...\n",
        "---\nport: 1\n",
    ],
)
def test_other_styles_are_written_anew_with_their_comments(before: str) -> None:
    after = add_item(before, SECTION, ITEM)
    tree = yaml.safe_load(after)
    assert tree.pop("claude-api-key")[-1] == ITEM
    old = yaml.safe_load(before)
    old.pop("claude-api-key", None)
    assert tree == old
    for comment in ("# in a line", "# its comment"):
        assert (comment in after) == (comment in before)


@pytest.mark.parametrize("before", ["keys: &keys\n  - api-key: old\nclaude-api-key: *keys\n", "claude-api-key: text\n"])
def test_what_can_not_be_edited_safely_is_refused(before: str) -> None:
    with pytest.raises(EditError):
        add_item(before, SECTION, ITEM)


TEXT: Final = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]), max_size=8
)
TREES: Final = st.fixed_dictionaries(
    {},
    optional={
        "port": st.integers(),
        "claude-api-key": st.lists(st.dictionaries(st.sampled_from(["api-key", "x"]), TEXT, max_size=2), max_size=3),
        "nested": st.dictionaries(TEXT, st.lists(TEXT, max_size=2), max_size=2),
        "note": TEXT,
    },
)


@given(tree=TREES, flow=st.sampled_from([None, False, True]), sort=st.booleans())
def test_whatever_the_file_holds_it_holds_afterwards_too(tree: dict[str, Any], flow: bool | None, sort: bool) -> None:
    before = yaml.safe_dump(tree, default_flow_style=flow, sort_keys=sort, allow_unicode=True)
    after = yaml.safe_load(add_item(before, SECTION, ITEM))
    assert after.pop("claude-api-key") == [*tree.get("claude-api-key", []), ITEM]
    assert after == {key: value for key, value in tree.items() if key != "claude-api-key"}


def test_the_example_config_keeps_every_line() -> None:
    before = (ROOT / "config.example.yaml").read_text()
    assert is_kept(before, add_item(before, SECTION, ITEM))
