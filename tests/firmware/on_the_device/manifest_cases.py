# ruff: noqa: UP031 - MicroPython
"""The manifest under MicroPython: manifest_cases.py VECTORS."""

import gc
import json
import sys
import time

from doorknock import manifest

with open(sys.argv[1]) as file:
    vectors = json.load(file)
key = bytes.fromhex(vectors["key"])
right = bytes.fromhex(vectors["right"])

found = manifest.read(right, key)
assert (found.arch, found.version, found.over) == ("rv32imc", "1.20.3", "2.0.0")
assert found.next_key == bytes.fromhex(vectors["next_key"])
listed = {}
for index in range(found.count):
    one = found.file(index)
    listed[one.path] = [one.size, one.digest.hex()]
assert listed == vectors["files"]
for wrong in vectors["wrong"]:
    try:
        manifest.read(bytes.fromhex(wrong), key)
    except manifest.BadManifest:
        continue
    raise AssertionError("taken: " + wrong[:40])

gc.collect()
before = gc.mem_alloc()
begun = time.ticks_us()
for _ in range(10):
    assert manifest.is_signed(right, key)
us = time.ticks_diff(time.ticks_us(), begun) // 10
gc.collect()
# Nothing of it stays.
assert gc.mem_alloc() - before < 2048
print("verified in %d us" % us)
