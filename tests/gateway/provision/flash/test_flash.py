"""The real esptool writes to simulated chips; each step is broken once, and recovers."""

import random

import pytest
import serial

from gateway.provision import boards
from gateway.provision import image as application_image
from gateway.provision.flash.job import kept
from gateway.provision.flash.target import target_of
from gateway.provision.flash.trouble import (
    BadImage,
    BadWrite,
    CableLost,
    FlashError,
    NoAnswer,
    NoPort,
    PortBusy,
    WrongBoard,
)
from tests.gateway.provision.flash import made
from tests.gateway.provision.flash.conftest import APPLICATION

# How many bytes esptool has said when a step begins and ends, as measured with this image: the
# loader for the chip's RAM takes the first 7,000. Under load some more is said, never less.
BYTES_SAID = {"finding it": (1, 7_000), "writing": (16_000, 40_000), "verifying": (42_400, 43_000)}
BLANK_SETTINGS = b"\xff" * 0x6000


def holds_everything(bench, chip, files=APPLICATION):
    """MicroPython, the application and blank settings, each where it belongs."""
    offset = made.OFFSET[chip.chip]
    files = application_image.file_system(files, len(chip.flash.data) - made.FILES)
    image = bench.image[chip.chip]
    return (
        chip.holds(made.PROGRAM, image[made.PROGRAM - offset :])
        and chip.holds(offset, image[: 0x9000 - offset])
        and chip.holds(made.FILES, files)
        and chip.holds(0x9000, BLANK_SETTINGS)
    )


@pytest.mark.parametrize("board", boards.ids())
def test_a_board_of_every_kind_holds_micropython_and_the_application(bench, board):
    # Given a board that was something else before
    target = target_of(boards.load(board))
    chip = bench.chip(target.chip, flash_bytes=target.flash_bytes)
    chip.flash.data[0x9000:0xF000] = b"\xa5" * 0x6000
    # When
    done = bench.flash(chip, targets=[target], board=board, files=application_image.application)
    # Then
    files = application_image.application(application_image.arch_of(target.chip))
    assert holds_everything(bench, chip, files)
    assert done.target.id == board
    assert done.written == done.size
    assert bench.last.event == "ready"


def test_the_settings_that_are_there_stay_where_they_are_asked_to(bench):
    chip = bench.chip("esp32c3")
    chip.flash.data[0x9000:0xF000] = b"\xa5" * 0x6000
    bench.flash(chip, settings=kept)
    assert chip.holds(0x9000, b"\xa5" * 0x6000)


def test_settings_are_made_for_the_very_board_and_written_with_it(bench):
    chip = bench.chip("esp32c3")
    bench.flash(chip, settings=lambda found: bytes.fromhex(found.mac) * 40)
    assert chip.holds(0x9000, (bytes.fromhex("240ac41f677d") * 40).ljust(0x6000, b"\xff"))


def test_settings_of_the_wrong_size_are_not_written_over_what_lies_behind(bench):
    chip = bench.chip("esp32c3")
    with pytest.raises(FlashError, match="do not fit into the 24576"):
        bench.flash(chip, settings=lambda found: b"\0" * 0x6001)
    assert chip.holds(0, b"\xff" * made.PROGRAM)


@pytest.mark.parametrize("where", ["finding it", "writing", "verifying"])
def test_a_cable_pulled_at_any_moment_is_one_sentence_and_a_second_run(bench, where):
    # Given a cable that comes out at one of the bytes of that step
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    chip = bench.chip("esp32c3")
    chip.cut_after = random.Random(seed).randrange(*BYTES_SAID[where])
    # When
    with pytest.raises(FlashError) as trouble:
        bench.flash(chip)
    # Then it says so, in one sentence with what to do
    assert "run this again" in str(trouble.value)
    assert str(trouble.value).count(". ") == 0
    # And with the cable in again it is finished
    chip.plug_in()
    done = bench.flash(chip, resume=True)
    assert holds_everything(bench, chip)
    assert (done.written < done.size) == (where != "finding it")


def test_a_byte_lost_on_a_bad_cable_costs_a_second_slower_try_and_no_more(bench):
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    chip = bench.chip("esp32c3", seed=seed)
    chip.lose_at = random.Random(seed).randrange(*BYTES_SAID["writing"])
    bench.flash(chip)
    assert holds_everything(bench, chip)
    assert [event for event, _ in bench.told].count("writing") == 2


def test_a_cable_that_goes_on_losing_bytes_is_told_and_another_one_goes_on(bench):
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    chip = bench.chip("esp32c3", seed=seed)

    def wears_out():
        chip.lossy = 0.01

    bench.on = {"writing": wears_out}
    with pytest.raises(CableLost, match="see that the cable sits firmly"):
        bench.flash(chip)
    bench.on = {}
    chip.lossy = 0.0
    chip.pull()
    chip.plug_in()
    bench.flash(chip, resume=True)
    assert holds_everything(bench, chip)


@pytest.mark.parametrize(("wrong", "recovers"), [(1, True), (99, False)])
def test_a_wrong_md5_is_written_once_more_and_then_told(bench, wrong, recovers):
    chip = bench.chip("esp32c3")
    chip.wrong_digests = wrong
    if recovers:
        bench.flash(chip)
    else:
        with pytest.raises(BadWrite, match="another cable"):
            bench.flash(chip)
        assert not any(event == "ready" for event, _ in bench.told)
        chip.wrong_digests = 0
        bench.flash(chip, resume=True)
    assert holds_everything(bench, chip)


def test_the_journal_saves_time_and_is_never_believed(bench):
    # Given a board that was flashed: going on writes nothing more
    chip = bench.chip("esp32c3")
    bench.flash(chip)
    assert bench.flash(chip, resume=True).written == 0
    # When somebody else wrote to it, who left no word of it, just that is written again
    chip.flash.data[made.FILES : made.FILES + 100] = b"\0" * 100
    done = bench.flash(chip, resume=True)
    assert holds_everything(bench, chip)
    assert 0 < done.written < done.size // 2
    # And with the journal spoilt, or nobody asking to go on, everything is.
    (bench.journals / "240ac41f677d.json").write_text('{"verified": {"0x')
    assert bench.flash(chip, resume=True).written == done.size
    assert bench.flash(chip).written == done.size


def test_a_board_that_is_not_in_its_bootloader_is_told_how_to_get_there(bench):
    chip = bench.chip("esp32c3")
    chip.deaf = True
    with pytest.raises(NoAnswer, match="hold its BOOT button"):
        bench.flash(chip)


def test_a_port_that_another_program_has_is_told(bench):
    chip = bench.chip("esp32c3")
    with serial.Serial(chip.port, exclusive=True), pytest.raises(PortBusy, match="close it"):
        bench.flash(chip)
    bench.flash(chip)
    assert holds_everything(bench, chip)


def test_a_board_that_was_unplugged_before_is_told(bench):
    chip = bench.chip("esp32c3")
    chip.pull()
    with pytest.raises(NoPort, match=r"There is no .*/tty-esp32c3"):
        bench.flash(chip)


def test_the_wrong_board_is_not_touched(bench):
    chip = bench.chip("esp32c3")
    with pytest.raises(WrongBoard, match="has the chip esp32c3, but a Board esp32s3 has esp32s3"):
        bench.flash(chip, board="board-esp32s3")
    assert chip.holds(0, b"\xff" * (4 << 20))


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda image: made.micropython("esp32c6"), "is for the chip esp32c6"),
        (lambda image: image[:-100] + bytes(100), "it is damaged"),
        (lambda image: b"\0" + image[1:], "no MicroPython for an ESP32"),
        (lambda image: image[:0x8000] + bytes(0x8000), "no partition table"),
        (lambda image: b"<html>not found</html>", "no partition table"),
    ],
)
def test_a_bad_image_is_refused_before_anything_is_written(bench, spoilt, said):
    chip = bench.chip("esp32c3")
    bench.image["esp32c3"] = spoilt(made.micropython("esp32c3"))
    with pytest.raises(BadImage, match=said):
        bench.flash(chip)
    assert chip.holds(0, b"\xff" * (4 << 20))
