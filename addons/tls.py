"""HTTPS on the gateway's port, with the certificate that config.yaml names; and whether mitmproxy's CA is usable."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from mitmproxy import certs, connection, ctx, http, tls
from OpenSSL import SSL

from addons.gateway import visit_of
from addons.listen import is_gateway_mode
from addons.settings.model import Tls

logger = logging.getLogger(__name__)

CA_NAME: Final = "mitmproxy"
CA_KEYS: Final = (f"{CA_NAME}-ca.pem", f"{CA_NAME}-ca.p12")
MITMPROXYS: Final = ("config.yaml", "config.yml", "keys.yaml")
HTTPS_ONLY: Final = b"This port speaks HTTPS only: begin the address with https://\n"


class TlsError(Exception):
    """The certificate can't be served. str(): why, and the cure."""


class GatewayTls:
    """Serves the config's certificate to the gateway's clients, and nothing in plain HTTP. Others keep mitmproxy's.

    It must stand before the gateway. Raises TlsError where the files don't fit.
    """

    name = "cliproxy-tls"

    def __init__(self, settings: Tls) -> None:
        self._context = server_context(Path(settings.cert).expanduser(), Path(settings.key).expanduser())

    def tls_start_client(self, data: tls.TlsData) -> None:
        """The hook: takes the place of what mitmproxy has prepared."""
        if isinstance(data.conn, connection.Client) and is_gateways(data.conn) and not data.is_dtls:
            data.ssl_conn = SSL.Connection(self._context)
            data.ssl_conn.set_accept_state()

    def request(self, flow: http.HTTPFlow) -> None:
        """The hook: a client that spoke plain HTTP is told, and its key does not stay on the flow."""
        if flow.client_conn.tls_established or not is_gateways(flow.client_conn):
            return
        visit_of(flow)
        flow.response = http.Response.make(400, HTTPS_ONLY, {"content-type": "text/plain", "connection": "close"})
        logger.warning("flow=%s refused: plain HTTP on the HTTPS port", flow.id[:8])


def is_gateways(client: connection.Client) -> bool:
    """Whether it came in by the gateway's listener."""
    return is_gateway_mode(client.proxy_mode.full_spec)


def server_context(cert: Path, key: Path) -> SSL.Context:
    """For TLS 1.2 and newer. Sessions resume: there is one context for the process. Raises TlsError."""
    chain = _chain(cert)
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_alpn_select_callback(_choose_protocol)
    try:
        context.use_certificate(chain[0])
        for issuer in chain[1:]:
            context.add_extra_chain_cert(issuer)
        context.use_privatekey(load_pem_private_key(_read("key", key), None))  # type: ignore[arg-type]
        context.check_privatekey()
    except TypeError as error:  # OpenSSL itself would ask for the password on the terminal.
        raise TlsError(f"tls.key: {key} is encrypted: write the key without a password") from error
    except ValueError as error:
        raise TlsError(f"tls.key: {key} holds no private key in PEM form") from error
    except SSL.Error as error:
        raise TlsError(f"tls.key: {key} does not belong to the first certificate of {cert}") from error
    return context


def ca_problem(folder: Path, key_size: int, passphrase: str | None) -> str | None:
    """Why mitmproxy can't use its certificate authority there, in a line with the cure; None where it can.

    Does what mitmproxy does a moment later, which says it by a traceback: where there is no CA, one is made.
    """
    password = passphrase.encode() if passphrase else None
    if _is_usable(folder, password):
        return None
    elsewhere = "or name another folder with --set confdir=FOLDER"
    try:
        certs.CertStore.from_store(folder, CA_NAME, key_size, password)
    except OSError as error:
        return (
            f"{error.filename or folder}: mitmproxy's CA can't be used: {error.strerror}. Give it access, {elsewhere}."
        )
    except (ValueError, TypeError, IndexError, RuntimeError):
        return (
            f"{folder / f'{CA_NAME}-ca.pem'}: is no CA that mitmproxy can use (broken, or with another password)."
            f" Move it away for a new one, which clients must then trust, {elsewhere}."
        )
    return None


def guard_ca(folder: Path) -> None:
    """The CA's keys can be read by nobody else: who has one can pass for every host. A folder that holds other things
    too keeps its mode."""
    try:
        names = {path.name for path in folder.iterdir()}
        if all(name.startswith(f"{CA_NAME}-") or name in MITMPROXYS for name in names):
            _narrow(folder, 0o700)
        for name in CA_KEYS:
            if name in names:
                _narrow(folder / name, 0o600)
    except OSError as error:
        logger.warning("%s: others may be able to read mitmproxy's CA: %s", error.filename or folder, error.strerror)


def _narrow(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o777 & ~mode:
        path.chmod(mode)


def _is_usable(folder: Path, password: bytes | None) -> bool:
    """A look at what is there that takes no time: checking a whole RSA key takes 30 ms, and mitmproxy does it."""
    try:
        raw = (folder / f"{CA_NAME}-ca.pem").read_bytes()
        load_pem_private_key(raw, password, unsafe_skip_rsa_key_validation=True)
        return bool(x509.load_pem_x509_certificates(raw)) and (folder / f"{CA_NAME}-dhparam.pem").is_file()
    except (OSError, ValueError, TypeError):
        return False


def _chain(cert: Path) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read("cert", cert))
    except ValueError as error:
        raise TlsError(f"tls.cert: {cert} holds no certificate in PEM form") from error


def _read(key: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsError(f"tls.{key}: {path} can't be read: {error.strerror}") from error


def _choose_protocol(_: SSL.Connection, offered: list[bytes]) -> Any:
    """HTTP/2 before HTTP/1.1, as servers do; without a word on it where the client has neither."""
    known = (b"h2", b"http/1.1") if ctx.options.http2 else (b"http/1.1",)
    return next((name for name in known if name in offered), SSL.NO_OVERLAPPING_PROTOCOLS)
