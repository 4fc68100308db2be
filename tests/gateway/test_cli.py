"""The command line: what it does, and with which exit code it ends."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.process import DEVICE, GatewayProcess


def add(gateway: GatewayProcess, *more: str) -> tuple[int, str, str]:
    done = gateway.command(
        *("device", "add", DEVICE, "--config", str(gateway.config), "--unit", "204"),
        *("--type", "button", "--secret-file", str(gateway.folder / "secret"), *more),
    )
    return done.returncode, done.stdout, done.stderr


def test_a_device_is_added_listed_and_retired(gateway: GatewayProcess) -> None:
    config = ("--config", str(gateway.config))

    assert add(gateway) == (0, f"{DEVICE}  button  204\n", "")
    assert "204" in gateway.command("device", "list", *config).stdout
    assert gateway.command("device", "retire", DEVICE, *config).returncode == 0
    assert gateway.command("device", "list", *config).stdout == ""


def test_a_secret_is_made_for_the_owner_alone_and_shown_to_nobody(gateway: GatewayProcess) -> None:
    _, out, err = add(gateway)
    secret = gateway.folder / "secret"

    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(bytes.fromhex(secret.read_text())) == 32
    assert secret.read_text().strip() not in out + err


def test_a_device_that_is_refused_leaves_no_secret_behind(gateway: GatewayProcess) -> None:
    assert add(gateway, "--type", "radio")[0] == 1
    assert not (gateway.folder / "secret").exists()

    assert add(gateway)[0] == 0
    kept = (gateway.folder / "secret").read_text()
    assert add(gateway)[0] == 1
    assert (gateway.folder / "secret").read_text() == kept


def test_what_a_person_can_mend_ends_with_one_sentence_and_code_1(
    gateway: GatewayProcess,
) -> None:
    add(gateway)

    twice = add(gateway)
    nowhere = gateway.command("gateway", "--config", "/nowhere.toml")

    assert twice[0] == nowhere.returncode == 1
    assert twice[2].count("\n") == nowhere.stderr.count("\n") == 1


def test_a_broken_configuration_is_told_with_its_line(gateway: GatewayProcess) -> None:
    gateway.config.write_text("[gateway]\nname = 5\n")

    done = gateway.command("gateway", "--config", str(gateway.config))

    assert done.returncode == 1
    assert "line 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_use_ends_with_code_2(gateway: GatewayProcess) -> None:
    assert gateway.command("gateway").returncode == 2
    assert gateway.command("fly").returncode == 2
    assert gateway.command("device", "add").returncode == 2


@pytest.mark.parametrize(
    "command",
    [
        ("device", "move", DEVICE, "--unit", "Caf\udce9", "--first", "ana", "--ambulance", "never"),
        ("device", "wifi", DEVICE, "--ssid", "Caf\udce9"),
        ("device", "set", DEVICE, "mode=home", "mode\udce9=1"),
    ],
)
def test_bytes_that_are_no_text_are_wrong_use_told_in_one_sentence(
    gateway: GatewayProcess, command: tuple[str, ...]
) -> None:
    done = gateway.command(*command, "--config", str(gateway.config))

    assert done.returncode == 2, done.stderr
    assert "is not UTF-8 text" in done.stderr


def test_a_unit_that_is_no_text_leaves_nothing_behind(gateway: GatewayProcess) -> None:
    code, _, err = add(gateway, "--unit", "Caf\udce9")

    assert code == 2
    assert "'Caf�' is not UTF-8 text" in err
    assert not (gateway.folder / "secret").exists()


def test_a_file_may_have_any_name(gateway: GatewayProcess) -> None:
    other = gateway.config.with_name("caf\udce9.toml")
    gateway.config.rename(other)

    assert gateway.command("device", "list", "--config", str(other)).returncode == 0


@pytest.mark.parametrize("words", [["label", "papers"], ["label", "devices", "--all", "--to", "x"]])
def test_a_part_that_is_not_installed_is_told_whatever_is_asked_of_it(words: list[str]) -> None:
    typed = (
        "import sys; sys.modules['reportlab'] = None; from gateway.cli import main; "
        f"sys.argv = {['doorknock', *words]}; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", typed], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "'label' is not installed here" in done.stderr
    assert "install.sh --boards" in done.stderr


def test_help_names_the_commands(gateway: GatewayProcess, tmp_path: Path) -> None:
    done = gateway.command("--help")

    assert done.returncode == 0
    assert all(name in done.stdout for name in ("gateway", "backend", "device"))


def test_a_command_does_not_wait_for_the_other_parts_to_load() -> None:
    typed = (
        "import sys\n"
        "from gateway.cli import main\n"
        "sys.argv = ['doorknock', 'device', '--help']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print([one for one in ('sim', 'gateway.provision.labels') if one in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", typed], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]")


@pytest.mark.parametrize(
    "command",
    [
        ("label", "papers"),
        ("label", "door", "--sees", "movement", "--to", "-"),
        ("sim", "replay", "tests/data/mr60bha2_empty_room.csv", "--radar", "mr60bha2", "--json"),
        ("sim", "run", "sim/scenarios/button_answered.toml", "--json"),
    ],
)
def test_a_full_disk_under_the_output_is_told_in_one_sentence(command: tuple[str, ...]) -> None:
    typed = (
        f"import sys; from gateway.cli import main; sys.argv = {['doorknock', *command]}; main()"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", typed],
            cwd=Path(__file__).parents[2],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    said = done.stderr.splitlines()[-1]
    assert said.startswith("The output cannot be written: no space left on device")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
