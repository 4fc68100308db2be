"""What flashing says to whoever sets up a device: there a second run goes on by itself."""

from collections.abc import Callable

import pytest

from gateway.provision.flash import trouble
from gateway.provision.setup.trouble import NotThere, in_words

PORT = "/dev/ttyUSB0"


@pytest.mark.parametrize("make", [trouble.no_port, trouble.cable_lost, trouble.bad_write])
def test_only_flashing_asks_for_its_option(make: Callable[[str], trouble.FlashError]) -> None:
    told = make(PORT)
    assert "run this again with --resume" in str(told)
    assert "--resume" not in in_words(told)
    assert "run this again" in in_words(told)


def test_what_nobody_has_seen_yet_asks_for_none_either() -> None:
    told = trouble.explained("A fatal error occurred: The moon is full.", PORT)
    assert str(told).endswith("run this again with --resume.")
    assert in_words(told).endswith("run this again.")


def test_a_name_is_told_as_it_is() -> None:
    port = "/dev/board with --resume"
    assert f"There is no {port}:" in in_words(trouble.no_port(port))


def test_every_other_trouble_is_told_as_it_is() -> None:
    for told in (trouble.no_rights(PORT), NotThere("No board answers.")):
        assert in_words(told) == str(told)
