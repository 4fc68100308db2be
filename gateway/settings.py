"""The one configuration file of gateway and backend: its sections, bounds and defaults.

`load(path)` reads TOML into a frozen `Settings`. Everything in it may be shown to anybody: what
is secret lies in the data directory (gateway/secret_file.py). A file that cannot be used is told
in one sentence that names the file, the line, the key, and what to write instead.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gateway.address import is_loopback
from gateway.errors import SettingsError

Port = Annotated[int, Field(ge=1, le=65535)]
# Ids travel in topics, addresses and logs: nothing in them needs escaping anywhere.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
LANGUAGES = ("en", "es", "fr")
Language = Literal["en", "es", "fr"]


class _Section(BaseModel):
    # A misspelt key must not leave its default silently in force.
    model_config = ConfigDict(extra="forbid", frozen=True)


class GatewaySettings(_Section):
    """[gateway]: who this gateway is and where it keeps things."""

    name: Name = "gateway"
    # The building, as responders know it.
    site: str = Field(default="", max_length=80)
    # Relative to the configuration file.
    data: Path = Path("data")
    # An event is then forgotten, but for a count of its kind and month.
    keep_events_days: int = Field(default=30, ge=1, le=365)


class BrokerSettings(_Section):
    """[broker]: the MQTT broker between devices and gateway."""

    # True: the gateway starts mosquitto with a configuration of its own. False: it uses the
    # broker at host:port, and whoever runs that broker sees to its keys.
    manage: bool = True
    program: str = Field(default="mosquitto", min_length=1)
    host: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104  devices come from outside
    port: Port = 8883
    loopback_port: Port = 1883
    # Devices without TLS-PSK, from this machine only (gateway/plain_door.py); absent: none. For
    # simulation: nothing on this listener is encrypted.
    plain_device_port: Port | None = None
    # Only with manage = false. The password is `broker_password` in secrets.toml.
    username: str = ""

    @model_validator(mode="after")
    def _two_ports(self) -> "BrokerSettings":
        if self.manage and self.port == self.loopback_port:
            raise ValueError("port and loopback_port must differ")
        if self.plain_device_port is not None and not self.manage:
            raise ValueError("plain_device_port needs manage = true: it is our own broker's")
        if self.plain_device_port in (self.port, self.loopback_port):
            raise ValueError("plain_device_port must differ from port and loopback_port")
        return self


class BackendSettings(_Section):
    """[backend]: the alert backend, inside this gateway or elsewhere."""

    embedded: bool = True
    # Where it is; one in this gateway is found by itself (Settings.backend_url).
    url: str = "http://127.0.0.1:8080"
    # SQLAlchemy URL of the backend's own store; empty: backend.db in the data directory.
    database: str = ""

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return _http_url(value)


class WebSettings(_Section):
    """[web]: the backend's pages, its webhook and its stream."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: Port = 8080
    # How a phone reaches the pages; goes into the links that responders get.
    base_url: str = "http://127.0.0.1:8080"
    language: Language = "en"
    # IANA name, as in "Europe/Madrid": the times on pages. Empty: this computer's own.
    time_zone: str = ""
    # A responder's link gets in for so long after it was sent.
    link_lifetime_days: int = Field(default=30, ge=1, le=365)
    # The programme's own answers to "what was it?". Empty: ours, translated.
    outcomes: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(
        default_factory=list, max_length=12
    )

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            if value:
                ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("write a time zone such as Europe/Madrid") from None
        return value

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return _http_url(value)


class EscalationStep(_Section):
    """[[escalation.steps]]: the people asked together at one step."""

    people: list[Name] = Field(min_length=1, max_length=50)


class EscalationSettings(_Section):
    """[escalation]: who is asked, when, and how often. Seconds."""

    # Both bounds: 0 would be a storm, a day would be nobody.
    remind_every_s: float = Field(default=60, ge=1, le=900)
    next_step_after_s: float = Field(default=120, ge=1, le=3600)
    steps: list[EscalationStep] = Field(default_factory=list, max_length=20)
    # Somebody on the way who has neither arrived nor closed it by then: others are asked again.
    follow_up_after_s: float = Field(default=300, ge=10, le=3600)
    # Somebody has arrived and nobody has closed it by then: they are asked how it stands.
    still_open_after_s: float = Field(default=1800, ge=60, le=14400)
    # Who mends things: told of a lost gateway, a silent device, a fault. Ids of people.
    staff: list[Name] = Field(default_factory=list, max_length=50)
    # Who calls an ambulance, where a resident has asked for one after so many minutes without an
    # answer. Ids of people. Nobody: no ambulance is ever asked for.
    ambulance: list[Name] = Field(default_factory=list, max_length=10)


class Person(_Section):
    """[[people]]: a responder, and the ways to reach them."""

    id: Name
    name: str = Field(min_length=1, max_length=80)
    language: Language = "en"
    # Apprise URLs. "file:NAME" stands for the first line of NAME in the data directory, so that
    # a token need not stand here.
    channels: list[str] = Field(default_factory=list, max_length=10)


class UnitSettings(_Section):
    """[[units]]: what the resident of a unit has chosen beforehand. Only where it differs."""

    unit: str = Field(min_length=1, max_length=40)
    # "I'm OK" closes an open alert without anybody looking in.
    ok_closes: bool = False


class Settings(_Section):
    """The whole file. `path` is the file itself; paths in it are relative to its folder."""

    path: Path
    gateway: GatewaySettings = GatewaySettings()
    broker: BrokerSettings = BrokerSettings()
    backend: BackendSettings = BackendSettings()
    web: WebSettings = WebSettings()
    escalation: EscalationSettings = EscalationSettings()
    people: list[Person] = Field(default_factory=list, max_length=500)
    units: list[UnitSettings] = Field(default_factory=list, max_length=2000)

    @property
    def data(self) -> Path:
        """The data directory, absolute."""
        return (self.path.parent / self.gateway.data).resolve()

    @property
    def gateway_database(self) -> str:
        """SQLAlchemy URL of the gateway's store."""
        return f"sqlite:///{self.data / 'gateway.db'}"

    @property
    def backend_database(self) -> str:
        """SQLAlchemy URL of the backend's store."""
        return self.backend.database or f"sqlite:///{self.data / 'backend.db'}"

    @property
    def backend_url(self) -> str:
        """Where the gateway sends events. A backend in this gateway is where its pages are,
        whatever `url` says of this computer: whoever gives the pages another port has moved it."""
        if not self.backend.embedded or not is_loopback(self.backend.url):
            return self.backend.url
        host = self.web.host
        if host in ("0.0.0.0", "::"):  # noqa: S104 - asked about, not listened on
            host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.web.port}"

    @model_validator(mode="after")
    def _people_are_known(self) -> "Settings":
        ids = [person.id for person in self.people]
        for person in ids:
            if ids.count(person) > 1:
                raise ValueError(f"[[people]] has two with the id {person!r}; give one another id")
        for number, step in enumerate(self.escalation.steps, 1):
            for person in step.people:
                if person not in ids:
                    raise ValueError(
                        f"step {number} of [[escalation.steps]] names {person!r}, who is not in "
                        "[[people]]; add them there or correct the name"
                    )
        for key in ("staff", "ambulance"):
            for person in getattr(self.escalation, key):
                if person not in ids:
                    raise ValueError(
                        f"{key!r} under [escalation] names {person!r}, who is not in [[people]]; "
                        "add them there or correct the name"
                    )
        return self


def load(path: Path) -> Settings:
    """The settings in the TOML file *path*. Raises SettingsError, one sentence, and only that."""
    path = Path(path).absolute()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            f"There is no configuration file {path}; name the right one with --config."
        ) from None
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(f"The configuration file {path} cannot be read: {why}.") from None
    return parse(path, text)


def parse(path: Path, text: str) -> Settings:
    """The settings in *text*, the content of the file *path*. Raises SettingsError."""
    # As Windows' editors write UTF-8, with a mark before it that nobody sees.
    text = text.removeprefix("\ufeff")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"The configuration file {path} is not valid TOML: {_plain(str(error))}; "
            "correct that line."
        ) from None
    if "path" in values:
        raise SettingsError(
            f"The configuration file {path}{_line(text, ('path',))} has an unknown key 'path'; "
            "remove it."
        )
    try:
        return Settings.model_validate({**values, "path": path})
    except ValidationError as error:
        raise SettingsError(_sentence(path, text, error)) from None


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("write a full address such as http://127.0.0.1:8080")
    return value.rstrip("/")


def _sentence(path: Path, text: str, error: ValidationError) -> str:
    first = error.errors()[0]
    keys = tuple(first["loc"])
    where = f"The configuration file {path}{_line(text, keys)}"
    if first["type"] == "extra_forbidden":
        return f"{where} has an unknown key {_dotted(keys)}; correct its spelling or remove it."
    what = _in_words(first["type"], keys) or _plain(first["msg"].removeprefix("Value error, "))
    if not keys:
        return f"{where}: {what}."
    if first["type"] == "missing":
        return f"{where} lacks the key {_dotted(keys)}; add it."
    return f"{where} has a wrong value for {_dotted(keys)}: {what}; correct it."


def _in_words(kind: str, keys: tuple[int | str, ...]) -> str:
    """What it should be, where pydantic says so for programmers; "" for its own words."""
    match kind:
        case "string_pattern_mismatch":
            return "it should be letters, digits, - _ . alone, without blanks, 63 at the most"
        case "model_type" if keys[:2] == ("escalation", "steps"):
            return 'it should be { people = ["ana"] }'
        case "model_type" if len(keys) == 1:
            return f"it should be a section of its own, [{keys[0]}]"
        case "list_type" if keys in (("people",), ("units",)):
            return f"each should be a section of its own, [[{keys[0]}]], in two brackets"
        case "list_type":
            return 'it should be a list, such as ["ana"]'
        case "path_type":
            return 'it should be a path in quotes, such as "data"'
    return ""


def _plain(message: str) -> str:
    return message.rstrip(".").replace("Input should be", "it should be")


def _dotted(keys: tuple[int | str, ...]) -> str:
    """('people', 0, 'name') is 'people[1].name': people count from one."""
    out = ""
    for key in keys:
        out += f"[{key + 1}]" if isinstance(key, int) else f".{key}"
    return f"'{out.lstrip('.')}'"


def _line(text: str, keys: tuple[int | str, ...]) -> str:
    """ ", line N" of the key in *text*; the line of its table where it has none; "" if unknown."""
    names = [key for key in keys if isinstance(key, str)]
    nth = next((key for key in keys if isinstance(key, int)), 0)
    found = 0
    table = ""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
        if header:
            table = header[2]
            seen[table] = seen.get(table, -1) + 1
            if table == ".".join(names[: table.count(".") + 1]) and (
                header[1] == "[" or seen[table] == nth
            ):
                found = found or number
            continue
        key = re.match(r"\s*([A-Za-z0-9_\"-]+)\s*=", line)
        if key is None:
            continue
        full = f"{table}.{key[1].strip(chr(34))}".lstrip(".")
        if full == ".".join(names) and (seen.get(table, 0) == nth or table not in names):
            return f", line {number},"
    return f", line {found}," if found else ""
