# ruff: noqa: UP031, SIM105 - MicroPython
"""An update on the real littlefs, with the power cut in the middle of every single write of it.

    update_power_cut.py FOLDER STEP

FOLDER holds `key`, `manifest` and the files that it names, under their numbers. With STEP 1 every
write is cut; and each time, after so many more writes, the power goes once again.
"""

import os
import sys

import vfs


class Machine:
    """Stands for the chip."""

    @staticmethod
    def WDT(timeout):
        assert timeout >= 20000


sys.modules["machine"] = Machine

import slot  # noqa: E402
from doorknock import keep, manifest, update  # noqa: E402
from doorknock.wire import PIECE_BYTES  # noqa: E402
from flash_with_faults import Flash, PowerCut  # noqa: E402

PLACE = "/cut"
OLD = {"version.py": b"0.1.0", "app.py": b"old " * 900, "gone.py": b"not in the new one"}
source = sys.argv[1]


def content(name):
    with open(source + "/" + name, "rb") as file:
        return file.read()


KEY = content("key")
SIGNED = content("manifest")
NEW = manifest.read(SIGNED, KEY)
DETAILS = {"manifest": content("digest").decode(), "size": len(SIGNED)}
FILES = [SIGNED] + [content(str(number)) for number in range(1, NEW.count + 1)]


class Restart(Exception):
    """The device starts anew."""


class Piece:
    def __init__(self, details, data):
        self.details = details
        self.data = data


class Room:
    """The device around an update, with a gateway that answers at once."""

    def __init__(self):
        self.told = []
        self.coming = []

    def emit(self, kind, details):
        self.told.append(details["state"])

    def want(self, details):
        answer = {"number": details["number"], "file": details["file"], "at": details["at"]}
        if details["what"] == "leave":
            self.coming.append(Piece(answer, b""))
            return True
        at = details["at"]
        for _ in range(details["pieces"]):
            data = FILES[details["file"]][at : at + PIECE_BYTES]
            piece = dict(answer)
            piece["at"] = at
            self.coming.append(Piece(piece, data))
            at += len(data)
        return True

    def may(self):
        return True

    calm = may

    def faulty(self):
        return False

    alarm_waits = faulty

    def restart(self):
        raise Restart

    def new_key(self, key):
        return True

    def log(self, text):
        pass


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), PLACE)
    os.chdir(PLACE)


def unmount():
    os.chdir("/")
    try:
        vfs.umount(PLACE)
    except (OSError, PowerCut):
        pass


def what_runs():
    """Old or new: all of it, and nothing else."""
    folder = slot.running + "/doorknock"
    found = {}
    for name in os.listdir(folder):
        with open(folder + "/" + name, "rb") as file:
            found[name] = file.read()
    if found == OLD:
        return "old"
    assert slot.is_whole(slot.running)
    new = {NEW.file(i).path.split("/")[1]: FILES[i + 1] for i in range(NEW.count)}
    assert found == new, ("a mixture", slot.running, sorted(found))
    return "new"


def start(before):
    """One life of the device: until it starts anew, the power goes, or the update is over."""
    sys.path[:] = before
    slot.running, slot.on_trial = "", False
    slot.choose()
    which = what_runs()
    room = Room()
    version = OLD["version.py"].decode() if which == "old" else NEW.version
    it = update.Update(keep.Keep("update"), KEY, version, "x64", room, 0)
    it.begin()
    if which == "old" and "rolled_back" not in room.told:
        it.ordered(7, DETAILS, True)
    if "confirmed" in room.told:
        return room.told
    it.answered()
    for now in range(0, 120000, 100):
        it.tick(now)
        while room.coming:
            it.piece(room.coming.pop(0), now)
        if "confirmed" in room.told or "failed" in room.told or "refused" in room.told:
            return room.told
    raise AssertionError("nothing came of it: %s" % room.told)


def lives(flash, cuts):
    """Lives one after another. cuts: the power goes after so many writes, and after so many more.

    What was told last, the flash, and how often the power went."""
    before = list(sys.path)
    cuts = list(cuts)
    gone = 0
    for _ in range(30):
        flash.after = cuts.pop(0) if cuts else -1
        try:
            mount(flash)
            told = start(before)
            if not flash.dead:
                flash.after = -1
                return told, flash, gone
            gone += 1
        except Restart:
            if flash.dead:
                gone += 1
            elif flash.after >= 0:
                cuts.insert(0, flash.after)
        except (PowerCut, OSError):
            # What littlefs makes of it: without power nothing goes on.
            assert flash.dead
            gone += 1
        finally:
            sys.path[:] = before
            unmount()
        flash = flash.power_back()
    raise AssertionError("for ever")


def fresh():
    flash = Flash(64)
    vfs.VfsLfs2.mkfs(flash)
    mount(flash)
    os.mkdir("a")
    os.mkdir("a/doorknock")
    for name in OLD:
        with open("a/doorknock/" + name, "wb") as file:
            file.write(OLD[name])
    with open("a/whole", "wb"):
        pass
    unmount()
    return flash


def run(image, cuts):
    """Updates a board that holds `image`; how often the power went."""
    flash = Flash(64)
    flash.content[:] = image
    told, flash, gone = lives(flash, cuts)
    assert told[-1] == "confirmed", (cuts, told)
    mount(flash.power_back())
    state = slot.read()
    assert (state.in_force, state.trying) == ("b", ""), cuts
    unmount()
    return gone


def main():
    update._RESERVE_BYTES = 8192
    step = int(sys.argv[2])
    image = bytes(fresh().content)
    cut = pairs = 0
    # Until the power would go after all of it is done.
    while run(image, [cut]):
        if cut // step % 7 == 0:
            pairs += run(image, [cut, cut % 11]) > 1
            pairs += run(image, [cut, 0, 1, 2]) > 1
        cut += step
    print("cuts %d, several %d" % (cut // step, pairs))


main()
