"""A gateway's installation on this machine, for as long as a demo or a fleet runs.

What they have in common: where mosquitto is, ports that nobody has, and a configuration as a
gateway has it, whose people have stand-in phones.
"""

import json
import shutil
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
# Debian keeps it where only root's PATH looks.
SBIN = "/usr/sbin:/usr/local/sbin"


def mosquitto() -> str | None:
    """The path of mosquitto, or None where it is not installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=SBIN)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody has just now."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


@dataclass(frozen=True)
class SomebodyAsked:
    """A responder of the installation. address: of their phone, as Apprise writes it."""

    id: str
    name: str
    address: str


@dataclass(frozen=True)
class Installation:
    """What is in gateway.toml. steps: ids of the people asked together, step by step.

    manage_broker: the gateway runs mosquitto. plain_device_port: gateway/plain_door.py.
    """

    written_by: str
    name: str
    site: str
    broker_port: int
    loopback_port: int
    web_port: int
    people: Sequence[SomebodyAsked]
    steps: Sequence[Iterable[str]]
    manage_broker: bool = True
    plain_device_port: int | None = None

    def as_toml(self) -> str:
        """The configuration file: everything on the loopback address, the backend embedded."""
        web = _toml(f"http://{LOOPBACK}:{self.web_port}")
        plain = (
            ""
            if self.plain_device_port is None
            else f"plain_device_port = {self.plain_device_port}\n"
        )
        steps = ", ".join(f"{{ people = {_toml(list(step))} }}" for step in self.steps)
        people = "".join(
            f"[[people]]\nid = {_toml(one.id)}\nname = {_toml(one.name)}\n"
            f"channels = [{_toml(one.address)}]\n\n"
            for one in self.people
        )
        return f"""\
# Written by {self.written_by} at every start: a configuration as a gateway has it.
[gateway]
name = {_toml(self.name)}
site = {_toml(self.site)}
data = "data"

[broker]
manage = {_toml(self.manage_broker)}
program = {_toml(mosquitto() or "mosquitto")}
host = "{LOOPBACK}"
port = {self.broker_port}
loopback_port = {self.loopback_port}
{plain}
[backend]
embedded = true
url = {web}

[web]
host = "{LOOPBACK}"
port = {self.web_port}
base_url = {web}

[escalation]
steps = [{steps}]

{people}"""


def _toml(value: str | bool | list[str]) -> str:
    # A JSON string, boolean or list of strings is a TOML one too.
    return json.dumps(value)
