"""Settings as an image: what the generator writes, another reader and the firmware itself read."""

import pytest
from doorknock.config import SETTINGS, Config
from hypothesis import given
from hypothesis import strategies as st

from gateway.provision import boards
from gateway.provision.setup import network, nvs
from sim.devices import nvs_partition

ROWS = {row[0]: row for row in SETTINGS}
BLOB = st.binary(min_size=1, max_size=120)
NUMBER = st.integers(-(2**31), 2**31 - 1)


class Nvs:
    """An esp32.NVS over what was read."""

    def __init__(self, kept):
        self.kept = kept

    def get_i32(self, name):
        if name not in self.kept:
            raise OSError(-0x1102)
        return self.kept[name]

    def get_blob(self, name, buffer):
        value = self.get_i32(name)
        buffer[: len(value)] = value
        return len(value)


@pytest.mark.parametrize(
    ("board", "kind"),
    [(one.id, kind) for one in boards.every() for kind in one.file.may_be],
)
def test_the_firmware_lacks_nothing_of_a_board_s_image(board, kind):
    values = boards.load(board).settings(kind) | {
        "device": bytes(range(6)),
        "secret": bytes(range(32)),
        "wifi_ssid": "Ünser Haus",
        "wifi_key": "geheim und lang",
        "host": "192.168.1.20",
        "port": 8883,
    }
    kept = nvs_partition.read(nvs.image(values).ljust(0x6000, b"\xff"), nvs.NAMESPACE)
    config = Config(Nvs(kept))
    assert config.lacking == []
    assert [one for one in config.problems if one[1] != "missing"] == []
    assert {name: config[name] for name in values} == values


def test_it_fits_into_the_smaller_of_the_two_partitions():
    assert len(nvs.image({"port": 1})) == 0x4000


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,14}", fullmatch=True), NUMBER | BLOB))
def test_whatever_is_written_is_read(values):
    special = {"sta.ssid", "sta.pswd"}
    assert not special & values.keys()
    assert nvs_partition.read(nvs.image(values), nvs.NAMESPACE) == values


def test_the_bounds_of_a_wi_fi_are_the_firmware_s():
    assert ROWS["wifi_ssid"][2:4] == (1, network._LONGEST_NAME)
    assert ROWS["wifi_key"][3] == network._WPA[1]
