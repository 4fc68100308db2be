"""Runs under CPython and under MicroPython alike, and prints what a reader made of each case.

Input on stdin, a line a case, JSON: [radar, [hex of a chunk, …]].
Output, a line a case, JSON: [[reading after each report, …], counts].
"""

import json
import sys

from doorknock import radar


def worked_out(case):
    name, chunks = case
    reader = radar.make(name)
    readings = []
    for chunk in chunks:
        data = bytes.fromhex(chunk)
        at = 0
        while at < len(data):
            at = reader.read(data, at, len(data))
            if reader.reported:
                readings.append(list(reader.reading))
    return [readings, list(reader.counts)]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(worked_out(json.loads(line))))
