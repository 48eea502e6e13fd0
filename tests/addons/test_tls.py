import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from mitmproxy import options
from mitmproxy.certs import CertStore
from mitmproxy.test import taddons
from OpenSSL import SSL

from addons.tls import CA_KEYS, CA_NAME, TlsError, ca_problem, guard_ca, server_context
from tests.support.certificates import Made, self_made

KEY_SIZE = 2048


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return self_made(tmp_path)


@contextmanager
def serving(context: SSL.Context) -> Iterator[int]:
    """Shakes one hand on loopback; its port."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            server = SSL.Connection(context, connection)
            server.set_accept_state()
            server.do_handshake()
            server.sendall(b"hello")
            server.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("offered", "http2", "chosen"),
    [
        (["http/1.1", "h2"], True, "h2"),
        (["http/1.1", "h2"], False, "http/1.1"),
        (["http/1.1"], True, "http/1.1"),
        (["smtp"], True, None),
        ([], True, None),
    ],
)
def test_a_client_that_trusts_the_root_gets_the_chain_and_a_protocol(
    made: Made, offered: list[str], http2: bool, chosen: str | None
) -> None:
    client = ssl.create_default_context(cafile=str(made.ca))
    client.set_alpn_protocols(offered)
    with (
        taddons.context(options=options.Options(http2=http2)),
        serving(server_context(made.cert, made.key)) as port,
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        client.wrap_socket(raw, server_hostname="127.0.0.1") as shaken,
    ):
        assert shaken.recv(5) == b"hello"
        assert shaken.selected_alpn_protocol() == chosen
        shaken.sendall(b"!")


def encrypted(made: Made) -> None:
    self_made(made.key.parent, password=b"password")


def of_another(made: Made) -> None:
    other = made.key.parent / "other"
    other.mkdir()
    self_made(other).key.replace(made.key)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda made: made.cert.unlink(), r"tls\.cert: .*cert\.pem can't be read: No such file"),
        (lambda made: made.key.unlink(), r"tls\.key: .*key\.pem can't be read: No such file"),
        (lambda made: made.cert.write_text("nothing"), r"tls\.cert: .*no certificate"),
        (lambda made: made.key.write_text("nothing"), r"tls\.key: .*no private key"),
        (encrypted, r"tls\.key: .*is encrypted"),
        (of_another, r"tls\.key: .*does not belong to"),
    ],
)
def test_files_that_do_not_fit_are_named_with_the_reason(
    made: Made, spoil: Callable[[Made], object], said: str
) -> None:
    spoil(made)
    with pytest.raises(TlsError, match=said):
        server_context(made.cert, made.key)


def test_a_ca_that_is_there_is_no_problem_and_one_that_is_not_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "confdir"
    assert ca_problem(folder, KEY_SIZE, None) is None
    made = (folder / f"{CA_NAME}-ca.pem").read_bytes()
    assert ca_problem(folder, KEY_SIZE, None) is None
    assert (folder / f"{CA_NAME}-ca.pem").read_bytes() == made
    CertStore.from_store(folder, CA_NAME, KEY_SIZE)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda ca: ca.write_text("nothing"), "Move it away"),
        (lambda ca: ca.write_bytes(ca.read_bytes()[:2000]), "Move it away"),
        (lambda ca: (ca.unlink(), ca.mkdir()), "Is a directory"),
    ],
)
def test_a_ca_that_can_not_be_used_is_a_line_with_the_cure(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    assert ca_problem(tmp_path, KEY_SIZE, None) is None
    ca = tmp_path / f"{CA_NAME}-ca.pem"
    spoil(ca)
    problem = ca_problem(tmp_path, KEY_SIZE, None)
    assert problem is not None
    assert str(ca) in problem
    assert said in problem
    assert "--set confdir=" in problem
    assert "\n" not in problem


def test_a_folder_that_can_not_be_made_is_a_line_too(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    problem = ca_problem(file / "confdir", KEY_SIZE, None)
    assert problem is not None
    assert "Not a directory" in problem


@pytest.mark.parametrize("shared", [False, True])
def test_the_keys_of_the_ca_become_its_owners_alone(tmp_path: Path, shared: bool) -> None:
    tmp_path.chmod(0o755)
    for name in (*CA_KEYS, "mitmproxy-ca-cert.pem", *(["other.txt"] if shared else [])):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0o644)
    guard_ca(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert {modes[name] for name in CA_KEYS} == {0o600}
    assert modes["mitmproxy-ca-cert.pem"] == 0o644
    assert tmp_path.stat().st_mode & 0o777 == (0o755 if shared else 0o700)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    guard_ca(tmp_path / "nowhere")
    assert "others may be able to read" in caplog.text
