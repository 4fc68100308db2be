"""`doorknock label devices, door, papers`. Exit 0: printed; 1: not; 2: wrong use."""

import contextlib
import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.care import view
from gateway.care.view import View
from gateway.errors import DeviceError, LabelError
from gateway.options import Config
from gateway.provision.labels import device_label, door_card, sheets
from gateway.provision.labels.canvas import Fonts
from gateway.provision.labels.card_cli import resident
from gateway.provision.labels.device_label import DeviceLabel
from gateway.settings import LANGUAGES, Settings, load
from gateway.store import Store, open_store

label_app = typer.Typer(
    help="Print labels for devices, the card by the door, residents' cards.", no_args_is_help=True
)

label_app.command("resident")(resident)

_USUAL = "avery-l4732"
Language = Annotated[str | None, typer.Option(help="en, es or fr; the house's, if not given.")]
Font = Annotated[
    Path | None, typer.Option(help="A .ttf font, where the usual one lacks your letters.")
]
To = Annotated[Path, typer.Option("--to", help="The PDF to write; - is standard output.")]


@label_app.command("devices")
def devices(
    config: Config,
    which: Annotated[
        list[str] | None, typer.Argument(help="Ids of devices, or units; each unit with all of it.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every device in service.")] = False,
    to: Annotated[
        Path | None, typer.Option("--to", help="The PDF to write; - is standard output.")
    ] = None,
    png: Annotated[
        Path | None, typer.Option("--png", help="A folder for one picture a label.")
    ] = None,
    paper: Annotated[
        str, typer.Option("--sheet", help="The label paper; `label papers` lists them.")
    ] = _USUAL,
    start: Annotated[
        int, typer.Option(min=1, help="The first free place on the sheet, from the top left.")
    ] = 1,
    dpi: Annotated[int, typer.Option(min=150, max=1200, help="Of the pictures.")] = 300,
    outline: Annotated[
        bool, typer.Option("--outline", help="Draw the edges: to try it on plain paper first.")
    ] = False,
    language: Language = None,
    font: Font = None,
) -> None:
    """Labels with unit, id and its QR code. Nothing on them is secret or opens anything."""
    if bool(which) == every:
        raise typer.BadParameter("name devices or units, or write --all")
    if (to is None) == (png is None):
        raise typer.BadParameter("write --to FILE.pdf, or --png FOLDER")
    settings = load(config)
    words = _language(language, settings)
    sheet = sheets.sheet(paper)
    labels = [
        DeviceLabel(one.device, one.unit, door_card.WORDS.say(words, one.device_type))
        for one in _chosen(settings, which or [])
    ]
    if not labels:
        raise LabelError("There is no device in service yet; add one: doorknock device add.")
    fonts = Fonts(font)
    if to is not None:
        _write(to, device_label.pdf(labels, sheet, start, fonts, outline=outline))
        pages, last = list(sheet.deal(len(labels), start))[-1]
        _tell(
            f"{_count(len(labels), 'label')} on {_count(pages + 1, 'sheet')} of {sheet.title}. "
            "Print at 100 %, not fitted to the page."
        )
        if last < sheet.places:
            _tell(f"The next time begin with --start {last + 1}.")
        return
    assert png is not None  # noqa: S101 - one of the two, see above
    for label in labels:
        _write(png / f"{label.device}.png", device_label.picture(label, sheet.label, dpi, fonts))
    _tell(f"{_count(len(labels), 'picture')} in {png}, {sheet.label[0]:g} × {sheet.label[1]:g} mm.")


@label_app.command("door")
def door(
    to: To,
    unit: Annotated[
        str | None, typer.Option(help="The washroom: its sensor says what it can see.")
    ] = None,
    sees: Annotated[
        str | None, typer.Option(help="breathing or movement: what its radar sees.")
    ] = None,
    naloxone: Annotated[str, typer.Option(help="Where naloxone is; else a line to write on.")] = "",
    elsewhere: Annotated[str, typer.Option(help="Another washroom; else a line to write on.")] = "",
    language: Annotated[
        list[str] | None, typer.Option(help="en, es, fr; may be given more than once.")
    ] = None,
    paper: Annotated[str, typer.Option(help="a4 or letter.")] = "a4",
    font: Font = None,
    config: Annotated[
        Path | None, typer.Option("--config", envvar="DOORKNOCK_CONFIG", help="With --unit.")
    ] = None,
) -> None:
    """The card that hangs by the door of a shared washroom, in three languages."""
    chosen = tuple(language or LANGUAGES)
    if set(chosen) - set(LANGUAGES):
        raise typer.BadParameter(f"the languages are {', '.join(LANGUAGES)}")
    if paper not in door_card.PAPERS:
        raise typer.BadParameter(f"the papers are {', '.join(door_card.PAPERS)}")
    if sees not in (None, "breathing", "movement"):
        raise typer.BadParameter("--sees is breathing or movement")
    if (unit is None) == (sees is None):
        raise typer.BadParameter("write --unit NAME, or --sees breathing or --sees movement")
    if unit is not None and config is None:
        raise typer.BadParameter("--unit needs --config")
    breathing = sees == "breathing"
    if unit is not None and config is not None:
        breathing = _sees_breathing(load(config), unit)
    card = door_card.DoorCard(tuple(dict.fromkeys(chosen)), breathing, naloxone, elsewhere)
    _write(to, door_card.pdf(card, paper, Fonts(font)))
    _tell(
        "Hang one outside at eye height before the sensor gets power, and one inside beside B. It "
        + ("says that breathing is seen." if breathing else "does not say that breathing is seen.")
    )


@label_app.command("papers")
def papers() -> None:
    """List the label papers."""
    for sheet in sheets.sheets().values():
        usual = "  (usual)" if sheet.name == _USUAL else ""
        typer.echo(f"{sheet.name:<12}  {sheet.title}{usual}")


def _chosen(settings: Settings, which: list[str]) -> list[View]:
    """The devices of these names, each once, in the order asked for; of none: all of them."""
    store = _store(settings)
    try:
        there = view.all_in_service(store)
        if not which:
            return there
        found: dict[str, View] = {}
        for text in which:
            mine = [one for one in there if one.unit == text]
            for one in mine or [view.find(store, text)]:
                if one.retired_at is not None:
                    raise DeviceError(f"Device {one.device} was retired; it needs no label.")
                found[one.device] = one
        return list(found.values())
    finally:
        store.close()


def _sees_breathing(settings: Settings, unit: str) -> bool:
    """Whether every sensor in this unit sees breathing. Raises LabelError."""
    store = _store(settings)
    try:
        tiers = [
            one.tier
            for one in view.all_in_service(store)
            if one.unit == unit and one.device_type == "sensor"
        ]
    finally:
        store.close()
    if not tiers:
        raise LabelError(f"There is no sensor in {unit!r}; `doorknock device list` shows them.")
    if "none" in tiers:
        raise LabelError(
            f"The sensor in {unit!r} has not been heard yet, so it is not known what it sees; "
            "start it once, or write --sees."
        )
    return set(tiers) == {"breathing"}


def _store(settings: Settings) -> Store:
    if not (settings.data / "gateway.db").is_file():
        raise LabelError(
            f"There is no gateway's store in {settings.data}; start the gateway once, or run this "
            "on the gateway."
        )
    return open_store(settings.gateway_database)


def _language(given: str | None, settings: Settings) -> str:
    if given not in (None, *LANGUAGES):
        raise typer.BadParameter(f"the languages are {', '.join(LANGUAGES)}")
    return given or settings.web.language


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; - is standard output."""
    if str(path) == "-":
        typer.get_binary_stream("stdout").write(content)
        return
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        os.replace(fresh, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise LabelError(f"{path} cannot be written: {error.strerror}; name another.") from None


def _tell(text: str) -> None:
    """To the person, never into the PDF on standard output."""
    typer.echo(text, err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
