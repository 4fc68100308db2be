"""What the firmware uses of `tls`, for pyright alone: the published stub knows no PSK."""

PROTOCOL_TLS_CLIENT: int
CERT_NONE: int

class SSLContext:
    verify_mode: int
    psk_identity: bytes
    psk_key: bytes
    def __init__(self, protocol: int, /) -> None: ...
