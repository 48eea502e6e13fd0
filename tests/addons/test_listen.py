import socket

from addons.listen import gateway_mode, port_problem


def test_a_taken_port_is_named_with_the_cure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        problem = port_problem("127.0.0.1", port)
    assert problem is not None
    assert str(port) in problem
    assert "config.yaml" in problem


def test_a_free_port_is_no_problem() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert port_problem("127.0.0.1", port) is None


def test_an_address_that_is_not_ours_is_a_problem() -> None:
    problem = port_problem("192.0.2.1", 1)
    assert problem is not None
    assert "192.0.2.1" in problem


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert gateway_mode("::1", 8317) == "reverse:http://gateway.invalid@[::1]:8317"
