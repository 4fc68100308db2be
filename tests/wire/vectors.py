"""Runs under CPython and under MicroPython alike, and prints what wire.py made of each case.

Input on stdin, a line a case, JSON: [kind, device, boot, seq, stamp, details, secret hex].
Output, a line a case, JSON: the signed bytes in hex, then what decoding them gave.
"""

import json
import sys

from doorknock import wire


def worked_out(case):
    kind, device, boot, seq, stamp, details, secret = case
    key = wire.signing_key(bytes.fromhex(secret))
    message = wire.encode(kind, device, boot, seq, stamp, details, key)
    decode = wire.decode_event if kind in wire.EVENT_KINDS else wire.decode_command
    read = decode(message, key)
    back = [read.kind, read.device, read.boot, read.seq, read.stamp, sorted(read.details.items())]
    return [message.hex(), back, wire.link_key(bytes.fromhex(secret)).hex()]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(worked_out(json.loads(line))))
