# ruff: noqa: UP031 - MicroPython
"""Says which of the names and module attributes in a JSON file do not exist here."""

import builtins
import json
import sys

with open(sys.argv[1]) as file:
    asked = json.load(file)

for name in asked["names"]:
    if not hasattr(builtins, name):
        print("missing", name)
for module, name in asked["attributes"]:
    try:
        found = __import__(module)
        for part in module.split(".")[1:]:
            found = getattr(found, part)
    except ImportError:
        print("missing module", module)
        continue
    if not hasattr(found, name):
        try:
            __import__(module + "." + name)
        except ImportError:
            print("missing %s.%s" % (module, name))
