# ruff: noqa: UP031 - MicroPython
"""What the window takes of memory under MicroPython: bounded at any input, and free afterwards."""

import gc

from doorknock import improv, wire
from doorknock.window import Window

SECRET = bytes(32)
INFO = (b"Doorknock", b"0.1.0", b"ESP32C6", b"a0b1c2d3e4f5")
# A word is 8 bytes here and 4 on the chip.
MOST_HELD = 4096


def fresh(n):
    return bytes(n)


def flood(it, seed, pieces):
    """Noise without end, in pieces of up to 240 bytes."""
    value = seed
    for n in range(pieces):
        value = (value * 1103515245 + 12345) & 0x3FFFFFFF
        piece = bytes([(value >> (i % 20)) & 0xFF for i in range(value % 240)])
        it.command(piece, True, n * 10)
        it.sealed(piece, n * 10)
        it.tick(n * 10)


gc.collect()
before = gc.mem_alloc()
it = Window(SECRET, INFO, fresh, "none", True, 0)
gc.collect()
made = gc.mem_alloc() - before
most = 0
for seed in range(200):
    one = Window(SECRET, INFO, fresh, "none", True, 0)
    flood(one, seed, 12)
    assert one.taken is None
    gc.collect()
    most = max(most, gc.mem_alloc() - before - made)
del one
print("made %d, most held %d" % (made, most))
assert max(made, most) < MOST_HELD, (made, most)

# The same bytes come out as on the host: sealed there, opened here.
it = Window(SECRET, INFO, fresh, "none", True, 0)
it.sealed(improv.seal(SECRET, it.challenge, "café".encode(), b"a password"), 10)
assert it.taken == ("café".encode(), b"a password")
it = Window(SECRET, INFO, fresh, "none", True, 0)
whole = improv.packet(improv.SEND_WIFI, improv.strings(b"house", b"a password"))
for at in range(0, len(whole), 3):
    it.command(memoryview(whole)[at : at + 3], True, at)
assert it.taken == (b"house", b"a password")
assert it._packets._held == bytearray(improv.LONGEST_BYTES)
sealed = improv.seal(bytes(range(32)), bytes(range(100, 116)), b"house", b"a password")
print(sealed.hex())
assert wire.WIFI_OUTCOMES == improv.OUTCOMES

del it
gc.collect()
assert gc.mem_alloc() - before < MOST_HELD, gc.mem_alloc() - before
