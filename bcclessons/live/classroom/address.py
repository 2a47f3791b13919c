"""Where a class is reached: an address of this machine, a port, a certificate."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from pathlib import Path
from typing import NamedTuple

from bcclessons.console.text import Problem


class Address(NamedTuple):
    """``name`` is what browsers are told, ``number`` what the socket is bound to."""

    name: str
    number: str
    port: int
    tls: bool

    @classmethod
    def of(cls, name: str, port: int, *, tls: bool) -> Address:
        """Return the address of a name or number. Raise Problem if it is not one's own."""
        try:
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            number = str(found[0][4][0])
            with socket.socket(found[0][0], socket.SOCK_STREAM) as own:
                own.bind((number, 0))
        except (OSError, UnicodeError) as error:
            raise Problem(
                ja=f"--listen {name} はこのマシンのアドレスではない．{_example().ja}",
                en=f"--listen {name} is no address of this machine{_example().en}",
            ) from error
        if ipaddress.ip_address(number.partition("%")[0]).is_unspecified:
            raise Problem(
                ja=f"--listen {name} はすべてのアドレスを意味する．ブラウザが開く 1 つを"
                f"指定する．{_example().ja}",
                en=f"--listen {name} means every address, and browsers open one"
                f"{_example().en}",
            )
        return cls(name, number, port, tls)

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine reaches it."""
        return ipaddress.ip_address(self.number.partition("%")[0]).is_loopback

    @property
    def origin(self) -> str:
        """The beginning of each address, as "http://192.0.2.1:8000"."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}"


class _Example(NamedTuple):
    ja: str
    en: str


def _example() -> _Example:
    """Return an example for --listen: the address by which this machine reaches others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
            number = probe.getsockname()[0]
        except OSError:
            return _Example("", "")
    return _Example(f"例: --listen {number}", f"; give one, such as --listen {number}")


def check_certificate(cert: Path | None, key: Path | None) -> None:
    """Raise Problem unless both are given and fit together, or none is."""
    if cert is None and key is None:
        return
    if cert is None or key is None:
        raise Problem(
            ja="--cert と --key は両方指定する．", en="give both --cert and --key."
        )
    try:
        # With a password, if a wrong one: OpenSSL would ask the terminal for it.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key, password=lambda: "-")
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or error
        raise Problem(
            ja=f"証明書 {cert} と鍵 {key} を使えない（{reason}）．PEM の証明書と，その"
            "暗号化していない鍵を指定する．",
            en=f"the certificate {cert} and the key {key} cannot be used ({reason}); "
            "give a certificate and its key in PEM, the key not encrypted.",
        ) from error
