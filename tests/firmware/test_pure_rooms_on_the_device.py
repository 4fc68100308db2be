"""The pure rooms behave under MicroPython as they do here."""


def test_the_pure_rooms_under_micropython(on_the_device) -> None:
    on_the_device("pure_cases.py")
