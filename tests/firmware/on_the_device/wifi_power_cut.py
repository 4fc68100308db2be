# ruff: noqa: UP031, SIM105 - MicroPython
"""A change of the Wi-Fi on the real littlefs, with the power cut in every single write of it.

The settings store is written key by key, as the chip does it: a cut may come between two of them.
"""

import sys

import vfs
from doorknock import improv, keep, wifi
from flash_with_faults import Flash, PowerCut

PLACE = "/cut"
OLD = (b"old house", b"old password")
NEW = (b"new house", b"new password")
# Starts until a device has come to rest, whatever happened: three of a trial, and one behind.
STARTS = 8


class Store:
    """NVS: a blob is on flash when set_blob returns. The power is that of the flash."""

    def __init__(self, flash):
        self.flash = flash
        self.values = {"wifi_ssid": OLD[0], "wifi_key": OLD[1]}

    def set_blob(self, name, value):
        self._change()
        self.values[name] = value

    def erase_key(self, name):
        self._change()
        del self.values[name]

    def commit(self):
        pass

    def _change(self):
        if self.flash.after == 0 or self.flash.dead:
            self.flash.dead = True
            raise PowerCut
        self.flash.changes += 1
        self.flash.after -= 1

    @property
    def network(self):
        found = self.values.get("wifi_ssid"), self.values.get("wifi_key", b"")
        return str(found[0], "utf-8"), str(found[1], "utf-8")


class Radio:
    def __init__(self, on_air, network):
        self.on_air = on_air
        self.network = network

    def use(self, ssid, key):
        self.network = (ssid, key)

    def joined(self):
        return self.network == self.on_air

    def why(self):
        return "" if self.joined() else "no_network"


class Room:
    def __init__(self):
        self.outcomes = []
        self.restarts = 0

    def emit(self, kind, details):
        self.outcomes.append(details["outcome"])

    def told(self, signal):
        pass

    def busy(self):
        return False

    calm = busy

    def restart(self):
        self.restarts += 1

    def log(self, text):
        pass


def start(store, on_air, outcomes, then):
    """One start, until the device wants another or comes to rest. Whether it wants another."""
    room = Room()
    it = wifi.Wifi(keep.Keep(PLACE + "/wifi"), store, store.network, False, True, room)
    radio = Radio(on_air, it.network)
    now = 0
    try:
        it.begin(radio, now)
        if it.bluetooth:
            it._closed(then.pop(0) if then else None, 7, now)
        elif then and then[0] == "open":
            then.pop(0)
            it.open(now)
        while it.awake and not room.restarts:
            now += 500
            if not it.bluetooth and radio.joined():
                it.reached(now)
            it.tick(now)
    finally:
        outcomes.extend(room.outcomes)
    return room.restarts > 0, radio.network


def life(store, on_air, outcomes, then):
    more = True
    for _ in range(STARTS):
        if not more:
            return
        more, _ = start(store, on_air, outcomes, then)


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), PLACE)


def unmount():
    try:
        vfs.umount(PLACE)
    except (OSError, PowerCut):
        pass


def texts(network):
    return str(network[0], "utf-8"), str(network[1], "utf-8")


def check(cut_at, flash, store, on_air):
    """After the cut: at rest within a few starts, on the old network or the new, and never else."""
    store.flash = flash.power_back()
    mount(store.flash)
    outcomes = []
    network = None
    for _ in range(STARTS):
        more, network = start(store, on_air, outcomes, [])
        assert network in (texts(OLD), texts(NEW)), ("neither", cut_at, network)
        if not more:
            break
    assert not more, ("no rest", cut_at)
    if on_air != texts(NEW):
        assert store.network == network == texts(OLD), ("old one lost", cut_at, store.network)
    else:
        # What is in force is what the store says, or will say at the next start.
        assert store.network == network, ("two minds", cut_at, store.network, network)
    kept = wifi.Kept()
    kept.resume(keep.Keep(PLACE + "/wifi").read())
    assert (kept.phase, kept.new) == (wifi.AT_REST, ()), ("left behind", cut_at)
    assert b"password" not in keep.Keep(PLACE + "/wifi").read()
    unmount()


def story(on_air):
    """How many writes it takes, and its end without a cut; then the same with each of them torn."""
    flash = Flash(12)
    vfs.VfsLfs2.mkfs(flash)
    image = bytes(flash.content)
    store = Store(flash)
    mount(flash)
    before = flash.changes
    outcomes = []
    life(store, on_air, outcomes, ["open", NEW])
    changes = flash.changes - before
    unmount()
    expected = ["changed"] if on_air == texts(NEW) else ["no_network"]
    assert outcomes[:1] == expected, outcomes
    kept = 0
    for cut_at in range(changes):
        flash = Flash(12)
        flash.content[:] = image
        store = Store(flash)
        mount(flash)
        flash.after = cut_at
        try:
            life(store, on_air, [], ["open", NEW])
        except PowerCut:
            pass
        unmount()
        check(cut_at, flash, store, on_air)
        kept += store.network == texts(NEW)
    print("cuts %d, new ones kept %d" % (changes, kept))
    return kept


assert improv.OUTCOMES[1] == "changed"
if not story(texts(NEW)):
    sys.exit("the new network was never kept, so nothing was tried")
if story(("other", "other")):
    sys.exit("a network that is not there was kept")
if story(texts(OLD)):
    sys.exit("a network that is not there was kept, and the old one was")
