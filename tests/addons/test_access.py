import pytest
from pydantic import SecretStr

from addons.access import ANYONE, Access, AccessDenied, UnsafeExampleKey, short_id

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


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "your-api-key-1"}, {"x-api-key": KEY}])
def test_samples_of_a_template_let_nobody_in(headers: dict[str, str]) -> None:
    access = Access([SecretStr("your-api-key-1"), SecretStr("your-api-key-2")])
    with pytest.raises(UnsafeExampleKey, match="write a long random text in their place") as refused:
        access.client_name(headers, {})
    assert (refused.value.status, refused.value.code) == (403, "unsafe_example_api_key")


def test_a_sample_beside_a_key_is_no_key() -> None:
    access = Access([SecretStr("your-api-key-1"), SecretStr(KEY)])
    assert access.client_name({"x-api-key": KEY}, {}) == short_id(KEY)
    with pytest.raises(AccessDenied):
        access.client_name({"x-api-key": "your-api-key-1"}, {})


def test_the_short_id_does_not_tell_the_key() -> None:
    assert KEY not in short_id(KEY)
    assert len(short_id(KEY)) == 8
