"""Writes the pages that are generated from the code, and from the data of boards: `make docs`.

`tests/wire/test_documentation.py` fails when a page is not what this would write.
"""

import inspect
import json
import re
from functools import partial
from pathlib import Path
from types import ModuleType
from xml.sax.saxutils import escape

from doorknock import config, settings, signals, wire
from markdown_it import MarkdownIt

from gateway.provision import board_file, boards
from gateway.provision.pages import page, wiring
from sim.scenario import schema

DOCS = Path(__file__).parent
BANNER = "<!-- Generated from {source} by `make docs`. Change that file, not this one. -->\n\n"


def said_of(module: ModuleType) -> dict[str, str]:
    """What stands above the rows of a module's tables in `#:` lines, by the row's name.

    Texts in the tables themselves would be in the memory of every device, for nobody.
    """
    said: dict[str, str] = {}
    waiting: list[str] = []
    for line in inspect.getsource(module).splitlines():
        text = line.strip()
        if text.startswith("#: "):
            waiting.append(text.removeprefix("#: "))
        elif waiting and (name := re.match(r'\(?"(\w+)",', text)):
            said[name[1]] = " ".join(waiting)
            waiting = []
    return said


def wire_page() -> str:
    """docs/wire.md: the contract between device and gateway, from wire.py's own tables."""
    module = (wire.__doc__ or "").strip()
    lines = [
        BANNER.format(source="firmware/doorknock/wire.py") + "# The contract on the wire\n",
        "```text\n" + module + "\n```\n",
        f"Version {wire.VERSION}. A message has {wire.SHORTEST_BYTES} to {wire.LONGEST_BYTES} "
        f"bytes: {wire.HEADER_BYTES} of header, the details, {wire.SIGNATURE_BYTES} of signature.",
        "A detail is its tag, its length (one byte each) and its value: a text in UTF-8, or a "
        "number, zigzag-coded (0, -1, 1, -2 … are 0, 1, 2, 3 …) in as few little-endian bytes as "
        "hold it; of a list, the index travels. An unknown tag is passed over; a detail that "
        "cannot be read is left out and the message counts all the same (but for a `set` order).\n",
        "## Keys\n",
        f"A device has one secret of {wire.SECRET_BYTES} bytes. HKDF-SHA256 with the salt "
        "`doorknock/1` makes two keys of it: label `link` gives the TLS-PSK key (the broker "
        "knows it), label `sign` the signing key (the broker does not).\n",
        "## Topics\n",
        "| topic | who writes | what |",
        "|---|---|---|",
        f"| `{wire.topic('{device}', 'alarm')}` | device | what asks for somebody: "
        + ", ".join(wire.ALARM_KINDS)
        + " |",
        f"| `{wire.topic('{device}', 'up')}` | device | every other event |",
        f"| `{wire.topic('{device}', 'down')}` | gateway | commands |",
        f"| `{wire.topic('{device}', 'status')}` | device | `online` or `offline`; retained, last "
        "will |",
        f"| `{wire.GATEWAY_ONLINE}` | gateway | `online` or `offline`; retained, last will. "
        "Devices hold their retries until it says `online` |",
        "",
        "One message a publish, QoS 1. `{device}` is the device id: 12 lower-case hex digits.\n",
    ]
    said = said_of(wire)
    for title, commands in (("Events", False), ("Commands", True)):
        lines.append(f"## {title}\n")
        for kind, code, leaf, fields in wire.catalogue():
            if (code >= wire.FIRST_COMMAND_CODE) != commands:
                continue
            lines += [f"### `{kind}` (0x{code:02X}, on `{leaf}`)\n", said[kind] + "\n"]
            if fields:
                lines += ["| detail | tag | values |", "|---|---|---|"]
                lines += [
                    f"| `{field[0]}` | {field[1]} | {wire.describe_field(field)} |"
                    for field in fields
                ]
                lines.append("")
    lines += [
        "## What an `act` order asks for\n",
        "`identify`: light and tone for half a minute. `restart`: never in a watch, a question or "
        "a call. `test`: a `test` event at once. `test_press`: the same at the next single tap "
        "within a minute; two taps or a hold call as ever. `log`: the device's last lines.\n",
        "## What is refused\n",
        "A message that cannot be trusted is acknowledged to the broker, counted under its "
        "reason, logged, and not answered: " + ", ".join(wire.REASONS) + ".",
    ]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """docs/settings.md: what can be set in a sensor, from the firmware's own table."""
    lines = [
        BANNER.format(source="firmware/doorknock/settings.py") + "# The sensor's settings\n",
        "Every one has a unit and both bounds; nothing outside of them is ever in force. "
        "How the detector uses them: [detector.md](detector.md).\n",
        "These, and `mode`, may be changed from afar ([gateway.md](gateway.md)); making a home a "
        "washroom, or `long_stay_s` or `watch_limit_s` longer, then takes a press in the room.\n",
        "| setting | default | from | to | unit | why |",
        "|---|---|---|---|---|---|",
    ]
    said = said_of(settings) | said_of(config)
    lines += [
        f"| `{name}` | {default} | {low} | {high} | {unit} | {said[name]} |"
        for name, default, low, high, unit in settings.TABLE
    ]
    lines += [
        "",
        "## What a device is given when it is set up\n",
        "From `firmware/doorknock/config.py`. The settings above are among them, under their "
        "names. One that is out of bounds is not in force: its default is. Pins are the chip's own "
        "numbers.\n",
        "| setting | default | values | what it is |",
        "|---|---|---|---|",
    ]
    names = {row[0] for row in settings.TABLE}
    lines += [
        f"| `{row[0]}` | {_default(row[-1])} | {_values(row)} | {said[row[0]]} |"
        for row in config.SETTINGS
        if row[0] not in names
    ]
    return "\n".join(lines) + "\n"


def board_schema() -> str:
    """boards/board.schema.json: for editors that know TOML schemas."""
    schema = board_file.BoardFile.model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


# What residents are told of each light, in the words of their page.
LIGHTS = {
    "en": {
        "sending": "Sending",
        "delivered": "Delivered. Nobody has answered yet",
        "asked_again": "More people are being asked",
        "coming": "Somebody is coming",
        "cannot_send": "Cannot send: call out!",
        "prompt": "“Are you OK?”",
        "agree": "Look after more? One press: yes",
    },
    "es": {
        "sending": "Enviando",
        "delivered": "Entregado. Aún no ha respondido nadie",
        "asked_again": "Se pregunta a más gente",
        "coming": "Alguien viene",
        "cannot_send": "No se envía: ¡pide ayuda a voces!",
        "prompt": "«¿Estás bien?»",
        "agree": "¿Cuidar más? Una pulsación: sí",
    },
    "fr": {
        "sending": "Envoi en cours",
        "delivered": "Arrivé. Personne n'a encore répondu",
        "asked_again": "On demande à plus de monde",
        "coming": "Quelqu'un vient",
        "cannot_send": "Envoi impossible : appelez !",
        "prompt": "« Ça va ? »",
        "agree": "Veiller davantage ? Presser : oui",
    },
}
_SHOWN_MS = 3000
# Pixels at 100 %, as wide as a small phone: a rhythm has 90 to a second.
_WIDTH = 360
_LEFT = 14
_BAR = 270
_ROW = 66


def lights_picture(language: str) -> str:
    """docs/images/lights-<language>.svg: each rhythm and its notes, from the firmware's own table.

    A tall block is lit, a thin line is dark: no colour is needed to read it.
    """
    words = LIGHTS[language]
    height = 30 + _ROW * len(words)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'role="img" aria-labelledby="title" '
        'font-family="DejaVu Sans, Verdana, Arial, sans-serif">',
        "  <!-- Generated from firmware/doorknock/signals.py by `make docs`. -->",
        f'  <title id="title">{"; ".join(escape(text) for text in words.values())}</title>',
        f'  <rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (name, text) in enumerate(words.items()):
        light, sound, _ = signals.PATTERNS[name]
        top = 6 + number * _ROW
        lines.append(
            f'  <text x="{_LEFT}" y="{top + 20}" font-size="14" font-weight="bold" '
            f'fill="#111827">{escape(text)}</text>'
        )
        lines.append(
            f'  <line x1="{_LEFT}" y1="{top + 49}" x2="{_LEFT + _BAR}" y2="{top + 49}" '
            'stroke="#6b7280" stroke-width="2"/>'
        )
        lines += [
            f'  <rect x="{_LEFT + start * _BAR / _SHOWN_MS:g}" y="{top + 29}" '
            f'width="{(end - start) * _BAR / _SHOWN_MS:g}" height="21" fill="#fbbf24" '
            'stroke="#111827" stroke-width="1.5"/>'
            for start, end in _lit(light)
        ]
        lines += _notes([hz for hz, _ in sound if hz], _LEFT + _BAR + 16, top + 47)
    foot = 6 + _ROW * len(words) + 12
    lines += [
        f'  <line x1="{_LEFT}" y1="{foot - 5}" x2="{_LEFT + _BAR}" y2="{foot - 5}" '
        'stroke="#374151" stroke-width="1" stroke-dasharray="3 3"/>',
        f'  <text x="{_LEFT + _BAR + 8}" y="{foot}" font-size="12" fill="#374151">3 s</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _lit(light: tuple[int, ...]) -> list[tuple[int, int]]:
    """(from, to) in ms of every lit stretch of the first three seconds."""
    found, at, step = [], 0, 0
    while at < _SHOWN_MS:
        end = min(_SHOWN_MS, at + light[step % len(light)])
        if step % 2 == 0:
            found.append((at, end))
        at, step = end, step + 1
    return found


def _notes(hertz: list[int], x: float, base: float) -> list[str]:
    """The notes of one sounding, the higher the higher they sound, as dots in a row."""
    gap = 11
    return [
        f'  <circle cx="{x + number * gap:g}" cy="{base - (min(hz, 1100) - 200) / 50:g}" r="4" '
        'fill="#1d4ed8"/>'
        for number, hz in enumerate(hertz)
    ]


# What is handed over, signed or hung up on paper: as pages that any browser prints.
PRINTED = {
    "residents/en.md": "en",
    "residents/es.md": "es",
    "residents/fr.md": "fr",
    "residents/consent.md": "en",
    "residents/consent.es.md": "es",
    "residents/consent.fr.md": "fr",
    "staff/lights.md": "en",
    "staff/when-things-happen.md": "en",
    "staff/monthly-test.md": "en",
    "staff/calibrating.md": "en",
}
_PRINT_STYLE = """
@page { size: A4; margin: 10mm 12mm; }
body { font: 10.5pt/1.35 "DejaVu Sans", Verdana, Arial, sans-serif; color: #111827;
  max-width: 46em; margin: 1em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0 0 .3em; }
h2 { font-size: 1.2em; margin: .8em 0 .2em; }
h1, h2 { break-after: avoid; }
p, ul, ol, table { margin: .35em 0; }
li { margin: .1em 0; }
tr, li, svg { break-inside: avoid; }
table { border-collapse: collapse; width: 100%; }
td, th { border: 1px solid #9ca3af; padding: .15em .45em; text-align: left; vertical-align: top; }
th:empty { border: 0; padding: 0; }
code { font-family: "DejaVu Sans Mono", monospace; }
pre { white-space: pre-wrap; }
svg { width: 92mm; max-width: 100%; height: auto; }
a { color: inherit; text-decoration: none; }
@media screen and (max-width: 40em) {
  body { overflow-wrap: anywhere; }
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { border: 1px solid #9ca3af; margin: .4em 0; }
  td { border: 0; }
}
@media print {
  body { margin: 0; padding: 0; max-width: none; font-size: 9pt; line-height: 1.26; }
  svg { width: 50mm; }
}
"""


def printed_page(name: str) -> str:
    """docs/print/….html: the page as one file, its drawings in it, for a browser to print."""
    text = (DOCS / name).read_text(encoding="utf-8")
    title = text.partition("\n")[0].lstrip("# ")
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    folder = (DOCS / name).parent
    body = re.sub(r'<img src="([^"]+\.svg)"[^>]*>', lambda found: _drawing(folder, found[1]), body)
    # On paper the drawing has the rhythms already, and all of it is one sheet.
    once = "@media print { td code { display: none; } }\n" if "images/lights" in text else ""
    style = _PRINT_STYLE + (once if name.startswith("residents") else "")
    # What the paper cannot follow stays as words.
    body = re.sub(r'<a href="(?!https?:)[^"]*">(.*?)</a>', r"\1", body)
    return (
        f'<!doctype html>\n<html lang="{PRINTED[name]}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<!-- Generated from docs/{name} by `make docs`. Change that file, not this one. -->\n"
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n{body}</html>\n"
    )


def _drawing(folder: Path, path: str) -> str:
    drawing = (folder / path).read_text(encoding="utf-8")
    # More than one drawing on a page: each has a title of its own.
    own = Path(path).stem
    drawing = re.sub(r'aria-labelledby="[^"]*"', f'aria-labelledby="{own}"', drawing)
    return re.sub(r'<title id="[^"]*"', f'<title id="{own}"', drawing).strip()


def printed_name(name: str) -> str:
    """residents/en.md is printed from print/residents-en.html."""
    return "print/" + name.removesuffix(".md").replace("/", "-") + ".html"


def _default(value: object) -> str:
    if value in ("", b""):
        return "none"
    return "must be given" if value is None else str(value)


def _values(row: tuple[object, ...]) -> str:
    if row[1] == "choice":
        return ", ".join(row[2]) if isinstance(row[2], tuple) else ""
    if row[2] == row[3]:
        return f"{row[2]} bytes"
    return f"{row[2]} to {row[3]}" + ("" if row[1] == "number" else " bytes")


PAGES = {
    "wire.md": wire_page,
    "settings.md": settings_page,
    "scenario.md": schema.page,
    "scenario.schema.json": schema.schema_text,
    "../boards/board.schema.json": board_schema,
    **{f"images/lights-{language}.svg": partial(lights_picture, language) for language in LIGHTS},
    **{f"../boards/{board.id}/board.md": partial(page.page, board) for board in boards.every()},
    **{
        f"../boards/{board.id}/wiring-{kind}.svg": partial(wiring.drawing, board, kind)
        for board in boards.every()
        for kind in board.file.may_be
    },
    # After the drawings, which are in them.
    **{printed_name(name): partial(printed_page, name) for name in PRINTED},
}


def main() -> None:
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
