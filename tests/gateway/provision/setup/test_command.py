"""`doorknock provision`, as somebody types it: asked, said, kept secret, and gone on with."""

import asyncio
import json
import signal
import sys

import pytest

from gateway import answers, devices
from gateway.care.acts import retire
from tests.gateway.provision.setup.house import WIFI_KEY

BOARD = "xiao-esp32c3"


# Whoever runs the tests may have Ctrl-C ignored (a job in the background), and what is started
# takes after that; a terminal's does not.
AT_A_TERMINAL = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from gateway.cli import main; main()"
)


async def started(bench, *words):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        AT_A_TERMINAL,
        "provision",
        "--config",
        str(bench.house.config),
        "--json",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def typed(bench, *words):
    """(exit code, the lines, what was said beside them)."""
    process = await started(bench, *words)
    out, err = await process.communicate()
    lines = [json.loads(line) for line in out.decode().splitlines()]
    said = out.decode() + err.decode()
    # Whatever came of it, nothing secret is in it
    assert WIFI_KEY not in said
    assert not any(one.secret.hex() in said for one in devices.in_service(bench.store))
    return process.returncode, lines, err.decode()


def wifi(bench):
    file = bench.folder / "wifi"
    file.write_text(f"house\n{WIFI_KEY}\n")
    return ("--wifi-file", str(file))


async def set_up_by_command(bench, unit, usb):
    """One that is ready, by the command."""
    words = ("--unit", unit, "--type", "button", "--board", BOARD)
    told = ("--first", "ana", "--ambulance", "never", "--port", str(usb.port))
    return await typed(bench, *words, *told, *wifi(bench))


def test_one_device_and_then_again_without_a_question(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        code, lines, _ = await set_up_by_command(bench, "401", usb)
        device = usb.board.unique_id().hex()
        assert code == 0
        assert lines[-1]["summary"]["ready"][device]["unit"] == "401"
        assert {line["device"] for line in lines[-4:-1]} == {device}
        # The Wi-Fi is kept for the next board, for nobody else to read
        kept = bench.house.settings.data / "wifi.json"
        assert kept.stat().st_mode & 0o077 == 0
        key = devices.get(bench.store, device).secret

        # It is set up again, under the same key: the board says who it is
        code, lines, err = await typed(bench, "--port", str(usb.port))
        assert (code, "button of 401" in err) == (0, True)
        assert devices.get(bench.store, device).secret == key

        # And with a new key the old one is out
        code, _, _ = await typed(bench, "--port", str(usb.port), "--new-key")
        assert code == 0
        assert devices.get(bench.store, device).secret != key
        assert bench.nvs(usb)["secret"] == devices.get(bench.store, device).secret
        log = bench.house.log.read_text()
        assert WIFI_KEY not in log
        assert key.hex() not in log

        # Retired, the room's answers go with it, here and at the backend
        retire(bench.store, device, by="ana", now_ms=1)
        bench.desk().tell_broker()
        assert answers.of_unit(bench.store, "401") is None
        assert bench.alerts() == 0

    at_the_bench(story)


def test_many_from_a_file_and_the_rest_when_it_is_run_again(at_the_bench):
    async def story(bench):
        first, second = (bench.board(BOARD, "button") for _ in range(2))
        await first.plug_in()
        await second.plug_in()
        file = bench.folder / "rooms.csv"
        row = f"button,{BOARD},team,never"
        file.write_text(f"unit,type,board,first,ambulance\n411,{row}\n412,{row}\n")
        # Given one whose cable is loose
        second.deaf = True
        ports = ("--port", str(first.port), "--port", str(second.port))

        code, lines, _ = await typed(bench, "--from", str(file), *ports, *wifi(bench))

        assert code == 1
        summary = lines[-1]["summary"]
        assert [one["unit"] for one in summary["ready"].values()] == ["411"]
        [failed] = summary["failed"]
        assert (failed["unit"], "does not answer" in failed["why"]) == ("412", True)
        # When the cable is firm and it is run again, only that one is left
        second.deaf = False
        code, lines, _ = await typed(bench, "--from", str(file), "--port", str(second.port))
        assert code == 0
        summary = lines[-1]["summary"]
        assert [one["unit"] for one in summary["ready"].values()] == ["412"]
        assert summary["before"] == ["411"]
        # And then there is nothing left to do
        code, lines, _ = await typed(bench, "--from", str(file), "--port", str(second.port))
        assert (code, lines[-1]["summary"]["before"]) == (0, ["411", "412"])

    at_the_bench(story)


def test_a_board_that_is_in_use_is_not_taken_for_another_room(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        assert (await set_up_by_command(bench, "421", usb))[0] == 0
        file = bench.folder / "rooms.csv"
        file.write_text(f"unit,type,board,first,ambulance\n422,button,{BOARD},ana,never\n")
        code, lines, _ = await typed(bench, "--from", str(file), "--port", str(usb.port))
        assert code == 1
        assert "is the button of 421 already" in lines[-1]["summary"]["failed"][0]["why"]
        assert devices.get(bench.store, usb.board.unique_id().hex()).unit == "421"

    at_the_bench(story)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_by_hand_it_says_so_and_goes_on(at_the_bench, number):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        bench.presses = False
        unit = f"43{number}"
        words = ("--unit", unit, "--type", "button", "--board", BOARD, "--first", "ana")
        told = ("--ambulance", "never", "--port", str(usb.port))
        process = await started(bench, *words, *told, *wifi(bench))
        while '"press"' not in (await process.stdout.readline()).decode():
            pass
        process.send_signal(number)
        out, _ = await process.communicate()
        assert process.returncode == 1
        assert "it goes on" in json.loads(out.splitlines()[-1])["summary"]["failed"][0]["why"]

        bench.presses = True
        code, lines, _ = await typed(bench, "--port", str(usb.port))
        assert code == 0
        assert lines[-1]["summary"]["ready"]

    at_the_bench(story)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "say --unit"),
        (("--unit", "1", "--type", "lamp"), "a button or a sensor"),
        (("--unit", "1", "--type", "button", "--board", "nokia"), "no board 'nokia'"),
        (("--unit", "1", "--type", "button", "--board", BOARD), "say --first"),
        (
            ("--unit", "1", "--type", "button", "--board", BOARD, "--first", "ana"),
            "say --ambulance",
        ),
        (("--unit", "1", "--set", "answer_s"), "NAME=VALUE"),
        (("--from", "/nowhere.csv"), "cannot be read"),
        (("--from", "x.csv", "--unit", "1"), "everything about devices is in the file"),
    ],
)
def test_what_is_missing_or_wrong_is_wrong_use(at_the_bench, words, why):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        code, lines, err = await typed(bench, *words, "--port", str(usb.port), *wifi(bench))
        assert (code, lines) == (2, [])
        assert why in " ".join(err.replace("│", " ").split())

    at_the_bench(story)


def test_a_device_moves_and_a_mind_is_changed(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        assert (await set_up_by_command(bench, "441", usb))[0] == 0
        config = ("--config", str(bench.house.config))

        def run(*words):
            return asyncio.to_thread(bench.house.command, "device", *words, *config)

        # Nobody is there to be asked about the new room
        done = await run("move", "441", "--unit", "442")
        assert (done.returncode, "say --first" in done.stderr) == (2, True)
        done = await run("move", "441", "--unit", "442", "--first", "ben", "--ambulance", "20")
        assert (done.returncode, done.stderr) == (0, "")
        now = answers.of_unit(bench.store, "442")
        assert (now.first, now.ambulance_min, now.told) == (("ben",), 20, True)
        assert answers.of_unit(bench.store, "441") is None
        done = await run("answers", "442", "--first", "team", "--ambulance", "never", "--json")
        assert json.loads(done.stdout) == {
            "unit": "442",
            "first": [],
            "ambulance_min": None,
            "told": True,
            "refused": "",
        }

    at_the_bench(story)
