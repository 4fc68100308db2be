"""The installer's steps, below another folder and with stand-ins for the system's programs: what
is made, kept, taken back and removed. `make package-test` does the same for real."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

INSTALL = Path(__file__).parents[2] / "install"
# What each stand-in does; all of them note that they were called.
PROGRAMS = {
    "apt-get": "",
    "usermod": "",
    "useradd": "",
    "userdel": "",
    "chown": "",
    "getent": "exit 2",
    "id": '[ "$1" = -u ] && echo 0; [ "$1" = -u ] || exit 1',
    "hostname": "echo 192.0.2.7 198.51.100.1",
    "runuser": 'shift 3; exec "$@"',
    "systemctl": "",
    # A virtual environment whose doctor says what the file `doctor` of the version holds.
    "python3": """
[ "$1" = -c ] && exit 0
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" >> "%s/pip.calls"\\nexit ${PIP:-0}\\n' "$SYSTEM" > "$3/bin/pip"
cat > "$3/bin/doorknock" <<END
#!/bin/sh
[ "\\$1" = doctor ] || exit 0
[ ! -e "$SYSTEM/migrate" ] || "$PYTHON" "$SYSTEM/migrate" "$3"
[ ! -e "$3/wrong" ] || echo '{"check": "gateway", "mark": "wrong", "what": "x", "do": "y"}'
[ ! -e "$SYSTEM/silent" ] || echo '{"check": "devices", "mark": "wrong", "what": "x", "do": "y"}'
echo '{"summary": {}}'
END
ln -s "$PYTHON" "$3/bin/python"
[ ! -e "$SYSTEM/next-is-broken" ] || touch "$3/wrong"
chmod +x "$3/bin/pip" "$3/bin/doorknock"
""",
}

# What a second version does to the store when it starts.
MIGRATE = """\
import sqlite3, sys
if sys.argv[1].endswith("2"):
    with sqlite3.connect(STORE) as store:
        store.execute("UPDATE alembic_version SET version_num = '0002'")
"""


@dataclass
class System:
    """A computer's file system, and its programs."""

    root: Path
    programs: Path

    @property
    def opt(self) -> Path:
        return self.root / "opt" / "doorknock"

    @property
    def data(self) -> Path:
        return self.root / "var" / "lib" / "doorknock" / "data"

    def install(self, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(INSTALL / "install.sh"), *options],
            env={
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "PYTHON": sys.executable,
                "SYSTEM": str(self.root),
                "DOORKNOCK_ROOT": str(self.root),
                "DOORKNOCK_PATIENCE_S": "0",
                **more,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def version(self, name: str = "current") -> str:
        return (self.opt / name).readlink().name

    def called(self, program: str) -> str:
        path = self.programs / f"{program}.calls"
        return path.read_text() if path.exists() else ""

    def migration(self) -> str:
        with sqlite3.connect(self.data / "gateway.db") as store:
            return str(store.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@pytest.fixture
def system(tmp_path: Path) -> System:
    """A Raspberry Pi on which systemd runs and mosquitto is not yet."""
    made = System(tmp_path / "root", tmp_path / "programs")
    (made.root / "run" / "systemd" / "system").mkdir(parents=True)
    made.programs.mkdir()
    for name, body in PROGRAMS.items():
        path = made.programs / name
        path.write_text(f'#!/bin/sh\necho "$@" >> "$0.calls"\n{body}\n')
        path.chmod(0o755)
    return made


def fill(system: System) -> None:
    """A store in the data folder, of the first migration."""
    system.data.mkdir(parents=True)
    with sqlite3.connect(system.data / "gateway.db") as store:
        store.execute("CREATE TABLE alembic_version (version_num TEXT)")
        store.execute("INSERT INTO alembic_version VALUES ('0001')")


def test_a_first_installation_has_all_it_needs(system: System) -> None:
    done = system.install()

    assert done.returncode == 0, done.stderr
    assert "mosquitto" in system.called("apt-get")
    assert "disable --now mosquitto" in system.called("systemctl")
    assert "restart doorknock" in system.called("systemctl")
    assert "--system" in system.called("useradd")
    config = (system.root / "etc/doorknock/gateway.toml").read_text()
    assert 'base_url = "http://192.0.2.7:8080"' in config
    assert "@" not in config
    assert (system.root / "etc/systemd/system/doorknock.service").exists()
    assert (system.root / "usr/local/bin/doorknock").stat().st_mode & 0o111
    assert system.version() == "1"


@pytest.mark.parametrize(
    ("link", "text", "zone"),
    [
        ("/usr/share/zoneinfo/Europe/Madrid", None, "Europe/Madrid"),
        ("../usr/share/zoneinfo/America/Argentina/Salta", "old", "America/Argentina/Salta"),
        (None, "Europe/Paris\n", "Europe/Paris"),
        (None, None, "UTC"),
    ],
)
def test_the_pages_show_the_time_of_this_computer(
    system: System, link: str | None, text: str | None, zone: str
) -> None:
    etc = system.root / "etc"
    etc.mkdir(parents=True)
    if link is not None:
        (etc / "localtime").symlink_to(link)
    if text is not None:
        (etc / "timezone").write_text(text)

    assert system.install().returncode == 0

    assert f'time_zone = "{zone}"' in (etc / "doorknock/gateway.toml").read_text()


def test_an_upgrade_keeps_the_configuration_and_the_version_before(system: System) -> None:
    system.install()
    config = system.root / "etc/doorknock/gateway.toml"
    config.write_text("mine\n")

    assert system.install().returncode == 0
    assert system.install().returncode == 0

    assert config.read_text() == "mine\n"
    assert (system.version(), system.version("previous")) == ("3", "2")
    assert sorted(path.name for path in (system.opt / "versions").iterdir()) == ["2", "3"]


def test_an_upgrade_that_does_not_work_is_taken_back(system: System) -> None:
    system.install()
    (system.root / "next-is-broken").touch()

    done = system.install()

    assert done.returncode == 1
    assert "the version before it runs again" in done.stderr
    assert system.version() == "1"
    assert not (system.opt / "versions" / "2").exists()
    assert system.called("systemctl").strip().endswith("restart doorknock")


def test_what_was_wrong_before_the_upgrade_does_not_take_it_back(system: System) -> None:
    """A device without power is no fault of the new version."""
    system.install()
    (system.root / "silent").touch()

    assert system.install().returncode == 0
    assert system.version() == "2"


def test_stores_that_a_failed_version_has_changed_are_as_before_and_the_others_kept(
    system: System,
) -> None:
    fill(system)
    system.install()
    (system.root / "next-is-broken").touch()
    (system.root / "migrate").write_text(
        MIGRATE.replace("STORE", repr(str(system.data / "gateway.db")))
    )

    done = system.install()

    assert done.returncode == 1
    assert system.migration() == "0001"
    assert (system.data.parent / "data.failed" / "gateway.db").exists()


def test_stores_that_a_failed_version_has_not_changed_keep_what_came_meanwhile(
    system: System,
) -> None:
    fill(system)
    system.install()
    (system.root / "next-is-broken").touch()
    (system.root / "migrate").write_text(
        f"open({str(system.data / 'a-press-meanwhile')!r}, 'w').close()\n"
    )

    assert system.install().returncode == 1

    assert (system.data / "a-press-meanwhile").exists()
    assert not (system.data.parent / "data.failed").exists()


def test_what_cannot_be_fetched_changes_nothing(system: System) -> None:
    system.install()

    done = system.install(PIP="1")

    assert done.returncode == 1
    assert "Nothing was changed." in done.stderr
    assert system.version() == "1"
    assert [path.name for path in (system.opt / "versions").iterdir()] == ["1"]
    assert "stop doorknock" not in system.called("systemctl")


def test_what_makes_boards_ready_comes_when_asked_for_and_again_with_upgrades(
    system: System,
) -> None:
    def asked() -> list[bool]:
        lines = pip.read_text().splitlines()
        assert all("[bluetooth" in line for line in lines)
        return [",provision]" in line for line in lines]

    pip = system.root / "pip.calls"
    system.install()
    system.install("--boards")
    system.install()

    assert asked() == [False, True, True]


def test_rolling_back_by_hand_and_forth_again(system: System) -> None:
    system.install()
    assert system.install("--roll-back").returncode == 1
    system.install()

    assert system.install("--roll-back").returncode == 0
    assert (system.version(), system.version("previous")) == ("1", "2")
    assert system.install("--roll-back").returncode == 0
    assert (system.version(), system.version("previous")) == ("2", "1")


def test_removing_it_keeps_configuration_and_data_unless_told(system: System) -> None:
    fill(system)
    system.install()

    assert system.install("--uninstall").returncode == 0
    assert not system.opt.exists()
    assert (system.data / "gateway.db").exists()
    assert (system.root / "etc/doorknock/gateway.toml").exists()

    assert system.install("--uninstall", "--and-data").returncode == 0
    assert not system.data.exists()
    assert not (system.root / "etc/doorknock").exists()


@pytest.mark.parametrize("options", [["--and-data"], ["--fly"], ["--wheels"], ["--wheels", "/no"]])
def test_wrong_use_ends_with_code_2_and_says_how(system: System, options: list[str]) -> None:
    done = system.install(*options)

    assert done.returncode == 2
    assert "--roll-back" in done.stderr
    assert not system.opt.exists()


def test_the_unit_runs_as_its_own_user_always_and_hardened() -> None:
    unit = (INSTALL / "doorknock.service").read_text().splitlines()

    for line in ("User=doorknock", "Restart=always", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert line in unit
    assert not any("secret" in line.lower() for line in unit)
