"""`doorknock provision`, as somebody types it: asked, said, kept secret, and gone on with."""

import asyncio
import json
import signal
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import typer

from gateway import answers, devices
from gateway.care.acts import retire
from gateway.cli import main
from gateway.provision import boards
from gateway.provision.flash.ports import Port
from gateway.provision.setup import cli, network
from gateway.provision.setup.ask import Ask, Said
from gateway.provision.setup.batch import Line
from gateway.provision.setup.trouble import Unfit
from gateway.provision.setup.wanted import Wanted
from gateway.settings import parse
from gateway.store import open_store, setups
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

        # Somebody has changed their mind since; and it is set up again, under the same key, without
        # a question: the board says who it is
        answers.give(bench.store, "401", ("ben",), 20, now_ms=1)
        code, lines, err = await typed(bench, "--port", str(usb.port))
        now = answers.of_unit(bench.store, "401")
        assert (now.first, now.ambulance_min) == (("ben",), 20)
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
        file = bench.folder / "rooms.csv"
        row = f"button,{BOARD},team,never"
        file.write_text(f"unit,type,board,first,ambulance\n411,{row}\n412,{row}\n")
        # Given one whose cable is loose
        ports = ("--port", str(first.port), "--port", str(second.port))

        code, lines, _ = await typed(bench, "--from", str(file), *ports, *wifi(bench))

        assert code == 1
        summary = lines[-1]["summary"]
        assert [one["unit"] for one in summary["ready"].values()] == ["411"]
        [failed] = summary["failed"]
        # What to do is told without an option that this command does not have
        assert (failed["unit"], failed["why"].startswith("There is no ")) == ("412", True)
        assert failed["why"].endswith(" then run this again.")
        # When the cable is firm and it is run again, only that one is left
        await second.plug_in()
        code, lines, _ = await typed(bench, "--from", str(file), "--port", str(second.port))
        assert code == 0
        summary = lines[-1]["summary"]
        assert [one["unit"] for one in summary["ready"].values()] == ["412"]
        assert summary["before"] == ["411"]
        # And then there is nothing left to do
        code, lines, _ = await typed(bench, "--from", str(file), "--port", str(second.port))
        assert (code, lines[-1]["summary"]["before"]) == (0, ["411", "412"])

    at_the_bench(story)


def test_a_board_is_for_a_line_that_it_can_be(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    desk = SimpleNamespace(store=store, board=boards.load)
    sensor = Line(2, Wanted("WC", "sensor", "xiao-esp32c6-mr60bha2", (), None))
    button = Line(3, Wanted("451", "button", BOARD, (), None))
    lines = [sensor, button]

    def line_for(chip, *, flashing):
        run = cli._Run(desk, None, lambda one: flashing, renew=False, as_json=True)
        return run._line_for("0200000000aa", chip, sensor.wanted, lines, {})

    try:
        assert line_for("esp32c3", flashing=None) is button
        assert line_for("esp32c6", flashing=None) is sensor
        with pytest.raises(Unfit, match="the chip esp32; take it off"):
            line_for("esp32", flashing=None)
        # What is on its way to a board is not for another kind of it
        assert line_for("esp32c6", flashing=object()) is sensor
    finally:
        store.close()


def test_what_takes_another_s_place_is_set_up_as_that_one_was(house, tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    old = Wanted("452", "button", BOARD, ("ana",), 10, replaces="0200000000cc")
    try:
        devices.register(store, "0200000000bb", bytes(range(32)), "452", "button", now_ms=1)
        with store.write() as connection:
            setups.begin(connection, "0200000000bb", old.to_json(), 1)
        # Not ready yet, it still is to take a place; when it is ready, it has taken it
        assert cli._set_up_as(store, "0200000000bb") == old
        with store.write() as connection:
            setups.ready(connection, "0200000000bb", 2)
        known = cli._set_up_as(store, "0200000000bb")
        assert known == replace(old, replaces="")
        # Nobody is there to be asked, and nothing has to be
        ask = Ask(house.settings, somebody=False)
        wanted = ask.wanted(Said(replaces="0200000000bb"), known)
        assert wanted == replace(old, replaces="0200000000bb")
        assert cli._set_up_as(store, "0200000000dd") is None
    finally:
        store.close()


def test_a_board_that_is_in_use_is_not_taken_for_another_room(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        await bench.set_up(usb, Wanted("421", "button", BOARD, ("ana",), None))
        file = bench.folder / "rooms.csv"
        file.write_text(f"unit,type,board,first,ambulance\n422,button,{BOARD},ana,never\n")
        ports = ("--port", str(usb.port), *wifi(bench))
        code, lines, _ = await typed(bench, "--from", str(file), *ports)
        assert code == 1
        assert "is the button of 421 already" in lines[-1]["summary"]["failed"][0]["why"]
        assert devices.get(bench.store, usb.board.unique_id().hex()).unit == "421"

    at_the_bench(story)


def test_ended_by_hand_it_says_so_and_goes_on(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        bench.presses = False
        words = ("--unit", "431", "--type", "button", "--board", BOARD, "--first", "ana")
        words += ("--ambulance", "never", *wifi(bench))
        for number in (signal.SIGINT, signal.SIGTERM):
            process = await started(bench, *words, "--port", str(usb.port))
            while '"press"' not in (line := await process.stdout.readline()).decode():
                assert line, (await process.stderr.read()).decode()
            process.send_signal(number)
            out, _ = await process.communicate()
            assert process.returncode == 1
            [failed] = json.loads(out.splitlines()[-1])["summary"]["failed"]
            assert "it goes on" in failed["why"]
            words = ()

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
def test_what_is_missing_or_wrong_is_wrong_use(house, tmp_path, monkeypatch, capsys, words, why):
    file = tmp_path / "wifi"
    file.write_text(f"house\n{WIFI_KEY}\n")
    given = ["--config", str(house.config), "--port", "/nowhere/tty", "--wifi-file", str(file)]
    monkeypatch.setattr(sys, "argv", ["doorknock", "provision", *given, "--json", *words])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGTERM, before)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert why in " ".join(said.err.replace("│", " ").split())


def test_nothing_is_asked_on_a_computer_that_is_in_no_network(tmp_path, monkeypatch):
    # A gateway of its own, which knows no Wi-Fi yet
    settings = parse(tmp_path / "gateway.toml", "")
    settings.data.mkdir()
    asked = []
    monkeypatch.setattr(network, "address_of_here", lambda settings: "")
    monkeypatch.setattr(
        typer, "prompt", lambda question, **_: asked.append(question) or "the house"
    )
    ask = Ask(settings, somebody=True)

    with pytest.raises(typer.BadParameter, match="in no network"):
        ask.network(anew=True, file=None, host=None)
    assert asked == []

    # With its address said it goes on
    ask.network(anew=True, file=None, host="192.168.1.20")
    assert len(asked) == 2


def test_a_file_with_the_wifi_may_be_written_on_windows(tmp_path):
    file = tmp_path / "wifi.txt"
    file.write_bytes(b"\xef\xbb\xbfhouse\r\na password\r\n")
    assert network.from_file(file) == ("house", "a password")


def test_several_boards_at_once_are_not_chosen_from(house, monkeypatch, capsys):
    there = [Port("/dev/ttyACM0", "USB JTAG"), Port("/dev/ttyACM1", "USB JTAG")]
    monkeypatch.setattr(cli, "candidates", lambda vendors: there)
    with pytest.raises(typer.Exit) as ended:
        cli._the_port(None)
    assert ended.value.exit_code == 1
    said = capsys.readouterr().err
    # What it names is there to be typed
    assert "/dev/ttyACM1 (USB JTAG)" in said
    assert "--all" not in said
    monkeypatch.setattr(cli, "candidates", lambda vendors: [])
    with pytest.raises(typer.Exit):
        cli._the_port(None)
    assert "No board is plugged in" in capsys.readouterr().err


def test_a_device_moves_and_a_mind_is_changed(at_the_bench):
    async def story(bench):
        number = "0200000044a1"
        devices.register(bench.store, number, bytes(range(32)), "441", "button", now_ms=1)
        answers.give(bench.store, "441", ("ana",), None, now_ms=1)
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
