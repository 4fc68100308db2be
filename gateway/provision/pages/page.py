"""The page about a board, for staff: what to buy, how to wire it, what can go wrong."""

from gateway.provision.boards import Board
from gateway.provision.pages import parts
from gateway.provision.pages.wiring import environment


def page(board: Board) -> str:
    """boards/<id>/board.md."""
    text = environment().overlay(autoescape=False).get_template("board.md.j2")
    kinds = board.file.may_be
    return text.render(
        board=board,
        kinds=kinds,
        around={kind: parts.around(board, kind) for kind in kinds},
    )
