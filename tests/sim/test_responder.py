"""A responder does as a person would when a page does not come."""

import asyncio

import httpx
import pytest

from sim import responder
from sim.responder import PageError, Responder

PAGE = '<form action="/alerts/1/on-my-way"><input type="hidden" name="token" value="t"></form>'


def played(answers, monkeypatch):
    """What was asked of a server that gives these answers in turn, as "On my way" is pressed."""
    asked = []

    def answer(request):
        asked.append(f"{request.method} {request.url.path}")
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def go():
        async with Responder("http://127.0.0.1/in/x", httpx.MockTransport(answer)) as ana:
            await ana.on_my_way()

    monkeypatch.setattr(responder, "AGAIN_AFTER_S", 0)
    asyncio.run(go())
    return asked


def test_a_gateway_that_is_just_starting_again_is_asked_again(monkeypatch):
    asked = played(
        [
            httpx.ConnectError("refused"),
            httpx.Response(200, text=PAGE),
            httpx.ReadError("gone"),
            httpx.Response(200),
        ],
        monkeypatch,
    )
    assert asked == ["GET /in/x"] * 2 + ["POST /alerts/1/on-my-way"] * 2


def test_a_page_that_never_comes_is_told(monkeypatch):
    monkeypatch.setattr(responder, "WAIT_S", -1)
    with pytest.raises(PageError, match="cannot be reached"):
        played([httpx.ConnectError("refused")], monkeypatch)


def test_a_page_without_the_form_is_told(monkeypatch):
    with pytest.raises(PageError, match="no form"):
        played([httpx.Response(200, text="<p>")], monkeypatch)
