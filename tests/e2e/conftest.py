"""One house for all tests that leave no trace in it."""

from collections.abc import Iterator

import pytest

from tests.support.house import House, house


@pytest.fixture(scope="session")
def shared_house() -> Iterator[House]:
    """Started once."""
    with house() as opened:
        yield opened


@pytest.fixture
def home(shared_house: House) -> Iterator[House]:
    """The shared house, swept."""
    shared_house.reset()
    yield shared_house
    shared_house.check()


@pytest.fixture(params=["anthropic", "openai_chat"], ids=lambda name: f"{name} client")
def client(request: pytest.FixtureRequest) -> str:
    """The dialect of the client."""
    return str(request.param)


@pytest.fixture(params=["anthropic", "openai_chat"], ids=lambda name: f"{name} vendor")
def upstream(request: pytest.FixtureRequest) -> str:
    """The dialect of the vendor."""
    return str(request.param)


@pytest.fixture(params=[True, False], ids=["stream", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the client wants a stream."""
    return bool(request.param)


@pytest.fixture
def foreign(client: str) -> str:
    """The dialect that the client does not speak: for tests that need a proxy of their own, and so are few."""
    return {"anthropic": "openai_chat", "openai_chat": "anthropic"}[client]
