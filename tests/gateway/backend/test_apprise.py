"""What Apprise makes of a message on its way, with services that are not what they should be."""

import email.message
import email.policy
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, cast

import pytest

from gateway.backend.channels import ChannelFailed, Message
from gateway.backend.channels.apprise import AppriseChannel

MESSAGE = Message("Urgent: <3 & 204", "204: urgent.\nhttp://127.0.0.1/in/a_b_c", urgent=True)
DEADLINE_S = 60


class Service:
    """An HTTP service on loopback. asked: (method, path) of each request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda _: None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                service.asked.append((self.command, self.path))
                service.answer(self)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def elsewhere(status: int, service: Service) -> Callable[[BaseHTTPRequestHandler], None]:
    """Sends whoever posts to a page that is there."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        there = handler.path == "/login"
        handler.send_response(200 if there else status)
        if not there:
            handler.send_header("location", f"http://127.0.0.1:{service.port}/login")
        handler.send_header("content-length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("kind", ["json", "ntfy"])
def test_a_service_that_has_moved_has_not_taken_the_message(
    service: Service, kind: str, status: int
) -> None:
    service.answer = elsewhere(status, service)

    with pytest.raises(ChannelFailed):
        AppriseChannel().send(f"{kind}://127.0.0.1:{service.port}/ana", MESSAGE)

    assert [method for method, _ in service.asked] == ["POST"]
    assert "/login" not in [path for _, path in service.asked]


def test_an_odd_answer_brings_no_address_into_the_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n: odd\r\nodder\r\n\r\nok")
        handler.close_connection = True

    service.answer = answer
    with caplog.at_level(logging.WARNING):
        AppriseChannel().send(f"json://127.0.0.1:{service.port}/s3cr3t?cto=60&rto=60", MESSAGE)

    assert service.asked == [("POST", "/s3cr3t")]
    assert "s3cr3t" not in caplog.text


def take_mail(server: socket.socket, mails: list[bytes]) -> None:
    """One session of SMTP."""
    connection, _ = server.accept()
    with connection, connection.makefile("rwb") as opened:
        file = cast(BinaryIO, opened)

        def say(line: bytes) -> None:
            file.write(line + b"\r\n")
            file.flush()

        say(b"220 here")
        while line := file.readline().upper():
            if line.startswith(b"DATA"):
                say(b"354 go on")
                mails.append(b"".join(iter(file.readline, b".\r\n")))
            say(b"250 AUTH PLAIN LOGIN" if line.startswith(b"EHLO") else b"250 ok")


def test_a_mail_has_its_lines_and_takes_nothing_for_markup() -> None:
    mails: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        session = threading.Thread(target=take_mail, args=(server, mails), daemon=True)
        session.start()
        port = server.getsockname()[1]
        AppriseChannel().send(
            f"mailto://127.0.0.1:{port}?cto=60&rto=60&mode=insecure&from=a@example.org&to=b@example.org",
            MESSAGE,
        )
        session.join(DEADLINE_S)

    mail = email.message_from_bytes(mails[0], policy=email.policy.default)
    texts = [part for part in mail.walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in texts] == ["text/plain"]
    assert isinstance(texts[0], email.message.EmailMessage)
    assert texts[0].get_content().splitlines() == MESSAGE.text.splitlines()
    assert mail["subject"] == MESSAGE.title
