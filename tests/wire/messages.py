"""Hypothesis strategies for every message the contract allows."""

from doorknock import wire
from hypothesis import strategies as st

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)


def _value(field: tuple) -> st.SearchStrategy:
    if len(field) == 4:
        return st.integers(field[2], field[3])
    if isinstance(field[2], int):
        return _TEXT.filter(lambda text: len(text.encode()) <= field[2])
    return st.sampled_from(field[2])


def _details(fields: tuple) -> st.SearchStrategy:
    return st.fixed_dictionaries({}, optional={field[0]: _value(field) for field in fields})


devices = st.binary(min_size=6, max_size=6).map(bytes.hex)
secrets = st.binary(min_size=32, max_size=32)
messages = st.sampled_from(wire.catalogue()).flatmap(
    lambda row: st.tuples(
        st.just(row[0]),
        devices,
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, (1 << 64) - 1),
        _details(row[3]),
    )
)
