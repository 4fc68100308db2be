"""Asks a listener whether it speaks TLS-PSK, without a key: says hello and reads the answer.

A server that has pre-shared keys answers a ClientHello that offers nothing else with a ServerHello
which chooses one of the suites offered; one without them, or one that speaks no TLS, does not. No
session comes of it, so no device is disturbed. Python's own ssl knows no PSK before 3.13.
"""

import os
import socket
import struct

# TLS_PSK_WITH_AES_128_GCM_SHA256, …_256_GCM_SHA384 (RFC 5487), …_128_CBC_SHA256 (RFC 5487),
# …_128_CBC_SHA (RFC 4279): one of them is what MbedTLS on the chip and OpenSSL agree on.
SUITES = (0x00A8, 0x00A9, 0x00AE, 0x008C)
_TLS_1_2 = 0x0303
_HANDSHAKE, _CLIENT_HELLO, _SERVER_HELLO = 0x16, 0x01, 0x02
_ANSWER_S = 5.0


def speaks_tls_psk(host: str, port: int, timeout_s: float = _ANSWER_S) -> bool:
    """Whether host:port chooses TLS-PSK when it is offered. Raises OSError: nobody answers."""
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.sendall(_client_hello())
        answer = b""
        try:
            while (
                _chosen_suite(answer) is None
                and len(answer) < 512
                and (more := connection.recv(256))
            ):
                answer += more
        except (TimeoutError, ConnectionResetError):
            return False
    return _chosen_suite(answer) in SUITES


def _client_hello() -> bytes:
    """RFC 5246, section 7.4.1.2: version, random, no session, the suites, no compression."""
    suites = struct.pack(f">{len(SUITES)}H", *SUITES)
    body = struct.pack(">H", _TLS_1_2) + os.urandom(32) + b"\0"
    body += struct.pack(">H", len(suites)) + suites + b"\x01\0"
    hello = struct.pack(">B", _CLIENT_HELLO) + len(body).to_bytes(3, "big") + body
    return struct.pack(">BHH", _HANDSHAKE, 0x0301, len(hello)) + hello


def _chosen_suite(answer: bytes) -> int | None:
    """The suite in a ServerHello: after record (5), type and length (4), version (2), random (32),
    and a session id of a length told in one byte."""
    if len(answer) < 44 or answer[0] != _HANDSHAKE or answer[5] != _SERVER_HELLO:
        return None
    at = 44 + answer[43]
    return int.from_bytes(answer[at : at + 2], "big") if len(answer) >= at + 2 else None
