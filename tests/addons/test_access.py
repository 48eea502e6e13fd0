import pytest
from pydantic import SecretStr

from addons.access import ANYONE, Access, AccessDenied, short_id

KEY = "client-key-1"
ACCESS = Access([SecretStr(KEY), SecretStr("client-key-2")])


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": f"Bearer {KEY}"}, {}),
        ({"authorization": f"bEARER   {KEY}"}, {}),
        ({"authorization": KEY}, {}),
        ({"x-goog-api-key": KEY}, {}),
        ({"x-api-key": KEY}, {}),
        ({}, {"key": KEY}),
        ({}, {"auth_token": KEY}),
        ({"authorization": "Bearer wrong", "x-api-key": KEY}, {}),
        ({"authorization": "Bearer wrong"}, {"key": KEY}),
    ],
)
def test_a_key_is_found_wherever_clients_put_it(headers: dict[str, str], query: dict[str, str]) -> None:
    assert ACCESS.client_name(headers, query) == short_id(KEY)


def test_without_a_key_the_client_is_told_how_to_send_one() -> None:
    with pytest.raises(AccessDenied, match="no API key: send one"):
        ACCESS.client_name({}, {})


def test_a_wrong_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(AccessDenied) as refused:
        ACCESS.client_name({"x-api-key": "wrong-key"}, {})
    assert "wrong-key" not in str(refused.value)
    assert refused.value.status == 401


def test_without_client_keys_everybody_is_let_in() -> None:
    assert Access([]).client_name({}, {}) == ANYONE


def test_the_short_id_does_not_tell_the_key() -> None:
    assert KEY not in short_id(KEY)
    assert len(short_id(KEY)) == 8
