"""Power comes on: mounts the flash, as the chip's own start-up does, then boot.py and main.py.

Run as `micropython start.py FOLDER`; FOLDER holds what survives: the flash, the settings (NVS)
and the RTC memory.
"""

import gc
import os
import sys

import bench
import flash
import vfs


def _mount(folder: str, endurance: int) -> flash.Flash:
    chip = flash.Flash(folder + "/flash.bin")
    chip.wear(endurance)
    try:
        system = vfs.VfsLfs2(chip, mtime=False)
    except OSError:
        vfs.VfsLfs2.mkfs(chip)
        system = vfs.VfsLfs2(chip, mtime=False)
    vfs.mount(system, "/flash")
    os.chdir("/flash")
    return chip


def main(folder: str) -> None:
    first = bench.start(folder)
    chip = _mount(folder, first.get("flash_endurance", 0))
    bench.on("cut_after_writes", lambda order: chip.cut_after(order["cut_after_writes"]))
    import machine
    import network

    machine.begin(first)
    network.begin(first)
    bench.listen()
    try:
        __import__("boot")
        bench.booted()
        # Objects are twice as wide here: as many of them between two collections as on the chip.
        if gc.threshold() > 0:
            gc.threshold(2 * gc.threshold())
        __import__("main")
    except Exception as problem:
        # On the chip the console would now wait for somebody to type: until the watchdog bites.
        sys.print_exception(problem)
    bench.run_for_ever()


main(sys.argv[1])
