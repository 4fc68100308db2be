"""The journal: the events the gateway has not answered for yet, on flash, in order.

An append-only ring of small files ("segments") on littlefs. A record is

    type u8 | rank u8 | length u16 | id u32 | replaced u32 | message | CRC32 of all before u32

little-endian; type is ENTRY or DROPPED (of the entry `id`, no message). An ENTRY whose `replaced`
is not 0 puts the message in the place of that other entry, both at once. Reading stops at the
first record of a segment that is not whole: what a power cut left, which nobody had been told is
safe. Segments go, oldest first, when nothing in them is alive any more; a few live records in the
way are written again at the end. So a segment is written once and never rewritten.

Bounded by CAPACITY entries: the oldest heartbeat goes first, then other telemetry; a press, a
call or any other alarm event never. Alarm events for which there is no room in memory are on flash
all the same, beyond the index, and come into it in their order as others are answered for. Where
the flash refuses, entries stay in memory and the journal is `broken` until a write succeeds;
nothing raises.
"""

import binascii
import os
import struct

# Ranks, also the order in which entries give way (highest first).
ALARM = 0
TELEMETRY = 1
HEARTBEAT = 2

ENTRY = 1
DROPPED = 2
_HEADER = "<BBHII"
_HEADER_BYTES = 12
_CRC_BYTES = 4
_ENOENT = 2
# A flash block: appending to a littlefs file copies its last block, which is then never more.
SEGMENT_BYTES = 4096
# 64 KB: at 70 bytes an event far more than CAPACITY, so that dead records need no hurry.
SEGMENTS = 16
# An index entry costs about 100 bytes of memory. A house without its gateway for a day makes a
# few dozen events beside heartbeats.
CAPACITY = 200
# Of these only the newest say anything; the rest would hold up real telemetry on the way back.
HEARTBEATS_KEPT = 16
# As many as may wait in memory alone while the flash refuses. Alarm events are taken beyond it: at
# 200 bytes each, 100 KB hold 500 of them. A dead flash, no gateway, and 500 calls on top of that.
UNSAVED_KEPT = 32
# While the segments are read at a start, entries whose end is written further on are still counted.
_READING_SPARE = 2 * HEARTBEATS_KEPT


class Entry:
    """An event in the journal. rank: ALARM, TELEMETRY, HEARTBEAT. id rises with time."""

    def __init__(self, id: int, rank: int, boot: int, seq: int) -> None:
        self.id = id
        self.rank = rank
        self.boot = boot
        self.seq = seq
        # Where the message lies; segment 0: nowhere but in memory, in `message`.
        self.segment = 0
        self.offset = 0
        self.length = 0
        self.message: bytes | None = None
        # While it is not saved: the id of the entry on flash in whose place it is, or 0.
        self.replaces = 0


class Journal:
    """Opens (and mends) the journal in `folder`. `identity(message)` gives its (boot, seq)."""

    def __init__(self, folder: str, identity) -> None:
        self._folder = folder
        self._identity = identity
        self.entries = []
        self.broken = False
        self.discarded = 0  # records that could not be read, or gave way unanswered
        self._next_id = 1
        self._first = 1
        self._segments = []  # numbers, oldest first
        self._file = None
        self._size = 0
        self._undropped = []  # ids answered for, not written down yet
        # The first id beyond the index, 0 if all is in it, and the first segment it may lie in.
        self._beyond = 0
        self._beyond_segment = 0
        self._open()

    # --- what the rooms call ---------------------------------------------------------------

    def append(self, message: bytes, rank: int, replaces: Entry | None = None) -> Entry:
        """Keeps an event. When this returns and the journal is not `broken`, it is on flash."""
        boot, seq = self._identity(message)
        entry = Entry(self._next_id, rank, boot, seq)
        self._next_id += 1
        if replaces is None:
            self._make_room(rank)
            if rank == ALARM and (self._beyond or len(self.entries) >= CAPACITY):
                return self._append_beyond(entry, message)
            self.entries.append(entry)
        else:
            # In its place: order is what the gateway tells a series of presses by.
            self.entries[self.entries.index(replaces)] = entry
            # What was itself never saved has left nothing on flash but what it was to replace.
            entry.replaces = replaces.id if replaces.segment else replaces.replaces
        entry.message = message
        entry.length = len(message)
        self._save(entry)
        return entry

    def drop(self, entry: Entry) -> None:
        """The gateway has it. An alarm event's end is written at once, others' with the next."""
        if entry not in self.entries:
            return
        self.entries.remove(entry)
        on_flash = entry.id if entry.segment else entry.replaces
        if on_flash:
            self._undropped.append(on_flash)
            if entry.rank == ALARM or len(self._undropped) >= HEARTBEATS_KEPT:
                self.flush()
        self._load()

    @property
    def newest_id(self) -> int:
        """The id of the newest entry ever made, 0 before the first."""
        return self._next_id - 1

    @property
    def overfull(self) -> bool:
        """Whether there are alarm events on flash that `entries` has no room for yet."""
        return self._beyond != 0

    def find(self, boot: int, seq: int):
        """The entry of this event, or None."""
        for entry in self.entries:
            if entry.seq == seq and entry.boot == boot:
                return entry
        return None

    def message(self, entry: Entry):
        """The signed bytes of an entry, or None if the flash has lost them."""
        if entry.message is not None:
            return entry.message
        try:
            with open(self._path(entry.segment), "rb") as file:
                file.seek(entry.offset)
                message = file.read(entry.length)
        except OSError:
            return None
        return message if len(message) == entry.length else None

    def flush(self) -> None:
        """Writes down what was dropped, and what could not be saved when it came."""
        if not self._write_down() and self._give_back():
            self._write_down()
        if not self.broken:
            self._tidy()

    def _write_down(self) -> bool:
        """Whether all of it is on flash now."""
        for entry in self.entries:
            if entry.segment == 0:
                self._save(entry)
                if self.broken:
                    return False
        if self._undropped:
            self._write(b"".join([_record(DROPPED, 0, id, 0, b"") for id in self._undropped]))
            if self.broken:
                return False
            self._undropped = []
        return True

    def close(self) -> None:
        """For a restart or sleep: everything is on flash, nothing stays open."""
        self.flush()
        self._close_file()

    # --- bounds ----------------------------------------------------------------------------

    def _make_room(self, rank: int) -> None:
        if rank == HEARTBEAT:
            beats = [entry for entry in self.entries if entry.rank == HEARTBEAT]
            if len(beats) >= HEARTBEATS_KEPT:
                self._discard(beats[0])
        unsaved = [entry for entry in self.entries if not entry.segment and entry.rank != ALARM]
        if len(unsaved) >= UNSAVED_KEPT:
            self._discard(unsaved[0])
        if len(self.entries) < CAPACITY:
            return
        for giving_way in (HEARTBEAT, TELEMETRY):
            for entry in self.entries:
                if entry.rank == giving_way:
                    self._discard(entry)
                    return

    def _discard(self, entry: Entry) -> None:
        self.discarded += 1
        self.drop(entry)

    # --- beyond the index ------------------------------------------------------------------

    def _append_beyond(self, entry: Entry, message: bytes) -> Entry:
        """An alarm event for which there is no room in memory."""
        entry.message = message
        entry.length = len(message)
        self._save(entry)
        if self.broken:
            self.entries.append(entry)
        elif not self._beyond:
            self._leave_beyond(entry.id, entry.segment)
        return entry

    def _leave_beyond(self, id: int, segment: int) -> None:
        if not self._beyond:
            self._beyond_segment = segment
        self._beyond = min(self._beyond or id, id)
        self._beyond_segment = min(self._beyond_segment, segment)

    def _load(self) -> None:
        """Takes in what lies beyond the index, once half of the index is free."""
        while self._beyond and len(self.entries) <= CAPACITY // 2:
            first = self._beyond
            self._read_from(first)
            if self._beyond == first:
                return  # nothing could be read: not again and again

    # --- flash -----------------------------------------------------------------------------

    def _path(self, segment: int) -> str:
        return "%s/%08x" % (self._folder, segment)

    def _save(self, entry: Entry) -> None:
        record = _record(ENTRY, entry.rank, entry.id, entry.replaces, entry.message or b"")
        at = self._write(record)
        if not self.broken:
            entry.segment = self._segments[-1]
            entry.offset = at + _HEADER_BYTES
            entry.message = None
            entry.replaces = 0

    def _write(self, records: bytes) -> int:
        """Appends and syncs; the offset it begins at. `broken` tells whether it failed."""
        try:
            if self._file is None or self._size + len(records) > SEGMENT_BYTES:
                self._new_segment()
            at = self._size
            self._file.write(records)
            self._file.flush()
            self._size += len(records)
            self.broken = False
            return at
        except OSError:
            # What came of this segment is not known: the next write begins a new one.
            self._close_file()
            if self._segments and self._size == 0:
                self._remove(self._segments.pop())
            self.broken = True
            return 0

    def _new_segment(self) -> None:
        self._close_file()
        number = self._segments[-1] + 1 if self._segments else 1
        self._size = 0
        self._segments.append(number)
        self._file = open(self._path(number), "wb")  # noqa: SIM115 - stays open for the next event

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                self.broken = True

    def _tidy(self) -> None:
        """Removes the oldest segments that hold nothing alive, making one so if there are many."""
        # Each at most once: where all are alive, writing them anew gains nothing, for ever.
        for _ in range(len(self._segments)):
            if len(self._segments) <= 1 or self.broken:
                return
            oldest = self._segments[0]
            alive = [entry for entry in self.entries if entry.segment == oldest]
            if alive and len(self._segments) <= SEGMENTS:
                return
            if self._beyond and (alive or oldest >= self._beyond_segment):
                # The ring is longer than it should be because of what is alive in it.
                return
            for entry in alive:
                message = self.message(entry)
                if message is None:
                    self.entries.remove(entry)
                    self.discarded += 1
                    continue
                entry.message = message
                self._save(entry)
                if self.broken:
                    return
            if not self._remove(oldest):
                return
            self._segments.pop(0)

    def _give_back(self) -> bool:
        """Removes the oldest segments that hold nothing alive though that is not written down: on
        a flash full of our own there is no room for it. Whether there was one."""
        if any(entry.replaces for entry in self.entries):
            return False  # of what it is to replace, flash has the only copy
        found = False
        while len(self._segments) > 1:
            oldest = self._segments[0]
            if self._beyond and oldest >= self._beyond_segment:
                break
            if any(entry.segment == oldest for entry in self.entries):
                break
            if not self._remove(oldest):
                break
            self._segments.pop(0)
            found = True
        return found

    def _remove(self, segment: int) -> bool:
        """Whether it is gone; else the journal is `broken`."""
        try:
            os.remove(self._path(segment))
        except OSError as problem:
            if problem.errno != _ENOENT:
                self.broken = True
                return False
        return True

    def _open(self) -> None:
        try:
            names = os.listdir(self._folder)
        except OSError:
            names = []
            try:
                os.mkdir(self._folder)
            except OSError:
                self.broken = True
        self._segments = sorted([int(name, 16) for name in names if _is_segment(name)])
        self._read_from(1)
        self._load()
        self._tidy()

    def _read_from(self, first: int) -> None:
        """Indexes what is alive from the id `first` on, as much of it as there is room for."""
        self._beyond = 0
        self._first = first
        found = {}
        for number in self._segments:
            self._read_segment(number, found)
        there = [entry.id for entry in self.entries] + self._undropped
        # By id, not by place: a record written again at the end is as old as it was.
        for id in sorted(found):
            if id not in there:
                self.entries.append(found[id])

    def _read_segment(self, number: int, found: dict) -> None:
        try:
            with open(self._path(number), "rb") as file:
                content = file.read()
        except OSError:
            self.discarded += 1
            return
        at = 0
        while at < len(content):
            end = self._read_record(content, at, number, found)
            if end == 0:
                self.discarded += 1
                return
            at = end

    def _read_record(self, content: bytes, at: int, number: int, found: dict) -> int:
        """Takes in one record; where it ends, or 0 if it is not whole."""
        if at + _HEADER_BYTES + _CRC_BYTES > len(content):
            return 0
        type, rank, length, id, replaced = struct.unpack_from(_HEADER, content, at)
        end = at + _HEADER_BYTES + length
        if end + _CRC_BYTES > len(content):
            return 0
        if (
            binascii.crc32(content[at:end]) & 0xFFFFFFFF
            != struct.unpack_from("<I", content, end)[0]
        ):
            return 0
        self._next_id = max(self._next_id, id + 1)
        if type == DROPPED:
            found.pop(id, None)
        elif type == ENTRY:
            boot, seq = self._identity(content[at + _HEADER_BYTES : end])
            entry = Entry(id, rank, boot, seq)
            entry.segment = number
            entry.offset = at + _HEADER_BYTES
            entry.length = length
            found.pop(replaced, None)
            self._found(entry, found)
        return end + _CRC_BYTES

    def _found(self, entry: Entry, found: dict) -> None:
        if entry.id < self._first:
            return
        if self._beyond and entry.id >= self._beyond:
            self._leave_beyond(entry.id, entry.segment)
            return
        found[entry.id] = entry
        if len(found) + len(self.entries) > CAPACITY + _READING_SPARE:
            last = found.pop(max(found))
            self._leave_beyond(last.id, last.segment)


def _is_segment(name: str) -> bool:
    return len(name) == 8 and all(c in "0123456789abcdef" for c in name)


def _record(type: int, rank: int, id: int, replaced: int, message: bytes) -> bytes:
    body = struct.pack(_HEADER, type, rank, len(message), id, replaced) + message
    return body + struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)
