"""On which line of a TOML file each key stands.

tomllib reads values and keeps no positions; tree-sitter's grammar keeps positions and reads no
values. The one says what is meant, the other where.
"""

import tomllib
from collections.abc import Iterator

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

# Where in the data: keys, and numbers in lists. ("people", 0, "plan", 2, "at")
Place = tuple[str | int, ...]
_PARSER = Parser(Language(tree_sitter_toml.language()))
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Lines:
    """`of(place)`: the line, from 1, of that key; of what it is in where it stands nowhere."""

    def __init__(self, text: str) -> None:
        self._of: dict[Place, int] = {(): 1}
        self._tables: dict[Place, int] = {}
        self._root(_PARSER.parse(text.encode()).root_node)

    def of(self, place: Place) -> int:
        while place not in self._of:
            place = place[:-1]
        return self._of[place]

    def _root(self, root: Node) -> None:
        for node in root.named_children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._table(node, listed=node.type == "table_array_element")

    def _table(self, node: Node, *, listed: bool) -> None:
        head = next((child for child in node.named_children if child.type in _KEYS), None)
        if head is None:
            return
        *above, last = _names(head)
        at: Place = ()
        for name in above:
            at = self._newest((*at, name))
        at = (*at, last)
        if listed:
            number = self._tables.get(at, -1) + 1
            self._tables[at] = number
            self._note(at, node)
            at = (*at, number)
        self._note(at, node)
        for child in node.named_children:
            if child.type == "pair":
                self._pair(child, at)

    def _newest(self, at: Place) -> Place:
        """`[people.home]` after `[[people]]` belongs to the newest of them."""
        number = self._tables.get(at)
        return at if number is None else (*at, number)

    def _pair(self, node: Node, at: Place) -> None:
        key, *values = [child for child in node.named_children if child.type != "comment"]
        for name in _names(key):
            at = (*at, name)
            self._note(at, node)
        for value in values:
            self._value(value, at)

    def _value(self, node: Node, at: Place) -> None:
        children = [child for child in node.named_children if child.type != "comment"]
        if node.type == "inline_table":
            for child in children:
                self._pair(child, at)
        elif node.type == "array":
            for number, child in enumerate(children):
                self._note((*at, number), child)
                self._value(child, (*at, number))

    def _note(self, at: Place, node: Node) -> None:
        self._of.setdefault(at, node.start_point.row + 1)


def _names(key: Node) -> Iterator[str]:
    if key.type == "dotted_key":
        for child in key.named_children:
            yield from _names(child)
        return
    text = (key.text or b"").decode()
    if key.type == "quoted_key":
        # What is in quotes may be escaped: TOML's own reader knows how.
        text = next(iter(tomllib.loads(f"{text} = 0")))
    yield text
