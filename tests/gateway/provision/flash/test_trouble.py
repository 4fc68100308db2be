"""What esptool and pyserial really say, on Linux, macOS and Windows, and what we make of it."""

import pytest

from gateway.provision.flash.trouble import (
    BadWrite,
    CableLost,
    FlashError,
    NoAnswer,
    NoPort,
    NoRights,
    PortBusy,
    explained,
)

OPEN = "A fatal error occurred: Could not open P, the port is busy or doesn't exist.\n"
HERE = (
    "Connected to ESP32-C3 on P:\nChip type:          ESP32-C3 (QFN32)\nUploading stub flasher...\n"
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (OPEN + "([Errno 13] could not open port P: [Errno 13] Permission denied: 'P')", NoRights),
        (OPEN + "(could not open port 'COM3': PermissionError(13, 'Access is denied.'))", NoRights),
        (OPEN + "([Errno 11] Could not exclusively lock port P: [Errno 11] Resource", PortBusy),
        (OPEN + "([Errno 16] could not open port P: [Errno 16] Resource busy: 'P')", PortBusy),
        (OPEN + "([Errno 2] could not open port P: [Errno 2] No such file", NoPort),
        (OPEN + "(could not open port 'COM3': FileNotFoundError(2, 'The system", NoPort),
        ("A fatal error occurred: Failed to connect to ESP32: No serial data received.", NoAnswer),
        ("A fatal error occurred: Failed to connect to ESP32: Wrong boot mode detected", NoAnswer),
        ("A fatal error occurred: Failed to connect to ESP32-C3: Invalid head of packet", NoAnswer),
        (HERE + "Writing at 0x1\nA fatal error occurred: The chip stopped responding.", CableLost),
        (HERE + "returned no data (device disconnected or multiple access on port?)", CableLost),
        (HERE + "A serial exception error occurred: write failed: [Errno 5] I/O", CableLost),
        (HERE + "A fatal error occurred: Packet content transfer stopped (received 8", CableLost),
        (HERE + "A fatal error occurred: MD5 of file does not match data in flash!", BadWrite),
        (HERE + "Verification failed (digest mismatch).", BadWrite),
    ],
)
def test_each_trouble_is_known_and_told_with_what_to_do(said, meant):
    trouble = explained(said, "P")
    assert type(trouble) is meant
    assert ": " in str(trouble)
    assert str(trouble).endswith(".")
    assert "\n" not in str(trouble)


def test_a_board_that_has_answered_before_is_not_sent_to_its_boot_button():
    said = "A fatal error occurred: Failed to connect to ESP32: No serial data received."
    assert type(explained(said, "P", answered_before=True)) is CableLost


def test_what_nobody_has_seen_yet_is_quoted():
    trouble = explained("A fatal error occurred: Something new.", "/dev/ttyUSB0")
    assert type(trouble) is FlashError
    assert "(Something new)" in str(trouble)
    assert "/dev/ttyUSB0" in str(trouble)


def test_a_missing_program_is_told_with_its_extra():
    trouble = explained("/usr/bin/python: No module named esptool", "P")
    assert "pip install 'doorknock[provision]'" in str(trouble)


def test_silence_is_told_too():
    assert "it says nothing" in str(explained("", "P"))
