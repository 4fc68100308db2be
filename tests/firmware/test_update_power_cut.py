"""An update is survived whole, whenever the power goes."""

import hashlib

from doorknock import manifest

from tests.sim.virtual.releases import KEY

FILES = {
    "doorknock/app.py": b"new " * 1100,
    "doorknock/empty.py": b"",
    "doorknock/version.py": b"0.2.0",
}


def test_the_power_goes_in_every_single_write_and_then_again(on_the_device, tmp_path) -> None:
    listed = {path: (len(found), hashlib.sha256(found).digest()) for path, found in FILES.items()}
    signed = KEY.sign(manifest.body("x64", "0.2.0", listed))
    (tmp_path / "key").write_bytes(KEY.public)
    (tmp_path / "manifest").write_bytes(signed)
    (tmp_path / "digest").write_text(hashlib.sha256(signed).hexdigest())
    for number, path in enumerate(sorted(FILES), 1):
        (tmp_path / str(number)).write_bytes(FILES[path])

    output = on_the_device("update_power_cut.py", str(tmp_path), "1")

    # Fewer, and the script no longer updates as it should.
    assert int(output.split("cuts ")[1].split(",")[0]) > 80
