"""What was seen in a world, told for a page: records in, news with keys of the catalogue out."""

from collections.abc import Mapping
from typing import Any

from sim.scenario.record import Record

News = dict[str, Any]

# Below, somebody breathes slower, or weaker, than usual; what the sensor asks about.
_SLOW_A_MINUTE, _WEAK_DEPTH = 10.0, 0.6
# Lights that are news: the others are on the way to one of these, or are told by what made them.
_LIGHTS = ("delivered", "asked_again", "coming", "cannot_send")
# Actions that break a part of the way, and those that mend it.
PARTS = {"access_point": "wifi", "broker": "broker", "gateway": "gateway", "radar": "radar"}
_MENDS = ("on", "up", "well", "address_changed", "wiped")
_ANSWERS = ("on_my_way", "cannot_go", "arrived", "done")


def news_of(record: Record, kinds: Mapping[str, str]) -> News | None:
    """The news in a record, or None. kinds: the devices of the room, "button" or "sensor"."""
    told = _told(record, kinds)
    return None if told is None else {"t_ms": record.t_ms, **told}


def _told(record: Record, kinds: Mapping[str, str]) -> News | None:
    data = record.data
    kind = kinds.get(record.device)
    match record.event:
        case "does" if data["what"] in _ANSWERS:
            return {"key": data["what"], "who": record.device}
        case "does" if "outcome" in data:  # a page that said no
            return {"key": "too_late", "who": record.device}
        case "does":
            return {"key": _doing(data), "who": record.device}
        case "light" if kind and data["state"] == "prompt":
            return {"key": "prompt_asked"}
        case "light" if kind and data["state"] in _LIGHTS:
            return {"key": "light", "device": kind, "light": data["state"]}
        case "made" if kind and data["kind"] == "stillness":
            return {"key": "call"}
        case "made" if kind and data["kind"] in ("press", "ok"):
            return {"key": str(data["kind"])}
        case "start" if kind:
            return {"key": "device_started", "device": kind}
        case "off" if kind:
            return {"key": "plug_out", "device": kind}
        case "reset" if kind:
            return {"key": "device_reset", "device": kind}
        case "committed":
            return _kept(data, kinds)
        case "message":
            return {"key": "message", "who": data["person"], "text": data["title"]}
    if record.device == "cue" and data.get("do") in PARTS:
        mended = str(data.get("to")) in _MENDS
        return {"key": "mended" if mended else "broken", "part": PARTS[data["do"]]}
    return None


def _doing(data: Mapping[str, Any]) -> str:
    """ "slower" for a breathe that goes below what is usual."""
    if data["what"] == "breathe":
        if (data.get("rate") or _SLOW_A_MINUTE) < _SLOW_A_MINUTE:
            return "slower"
        if (data.get("depth") or 1.0) < _WEAK_DEPTH:
            return "weaker"
    return str(data["what"])


def _kept(data: Mapping[str, Any], kinds: Mapping[str, str]) -> News | None:
    """An event that the gateway has committed."""
    device = kinds.get(str(data.get("board")))
    match data["kind"]:
        case _ if device is None:
            return None
        case "stillness":
            return {"key": "kept_call", "cause": data.get("cause", "unknown")}
        case "press":
            return {"key": "kept_press"}
        case "watch":
            return {"key": f"watch_{data['state']}"}
        case "prompt" if data["state"] == "answered":
            return {"key": "prompt_answered"}
        case "prompt" if data["state"] == "withdrawn":
            return {"key": "prompt_withdrawn"}
        case "stirring" | "left":
            return {"key": str(data["kind"])}
        case "fault":
            return {
                "key": f"fault_{data['state']}",
                "fault": data.get("what", "unknown"),
                "device": device,
            }
    return None
