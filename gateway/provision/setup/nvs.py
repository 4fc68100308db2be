"""Settings as an image of the NVS partition, for esptool to write with the rest.

NVS as MicroPython reads it knows numbers of 32 bits and blobs. The generator is Espressif's own,
used in memory: its usual way is a CSV, and no key goes into one.
"""

import io
from collections.abc import Mapping

from gateway.provision import INSTALL_IT
from gateway.provision.setup.trouble import SetupError

# doorknock/config.py; a test reads the image with the firmware itself.
NAMESPACE = "doorknock"
# The partition has 0x6000 bytes, and 0x4000 in MicroPython's table for updates; what is behind
# the image is blank, which NVS takes for empty pages.
IMAGE_BYTES = 0x4000
# The generator adds a page of its own, which NVS keeps free.
_PAGE_BYTES = 0x1000

Value = int | str | bytes


def image(values: Mapping[str, Value]) -> bytes:
    """The partition that holds these settings and nothing else."""
    try:
        from esp_idf_nvs_partition_gen import nvs_partition_gen as generator
    except ImportError:
        raise not_installed() from None
    out = io.BytesIO()
    nvs = generator.nvs_open(out, IMAGE_BYTES - _PAGE_BYTES, generator.Page.VERSION2)
    generator.write_entry(nvs, NAMESPACE, "namespace", "", "")
    for name, value in stored(values).items():
        if isinstance(value, int):
            generator.write_entry(nvs, name, "data", "i32", str(value))
        else:
            generator.write_entry(nvs, name, "data", "hex2bin", value.hex())
    generator.nvs_close(nvs)
    return out.getvalue()


def stored(values: Mapping[str, Value]) -> dict[str, int | bytes]:
    """As NVS keeps them: texts in UTF-8; what is empty is not there, and takes its default."""
    kept: dict[str, int | bytes] = {}
    for name, value in values.items():
        content = value.encode() if isinstance(value, str) else value
        if content != b"":
            kept[name] = content
    return kept


def not_installed() -> SetupError:
    """What setting up needs."""
    return SetupError(f"What setting up needs is not installed: {INSTALL_IT}, then run this again.")
