"""The bell that rooms wait for, in the interpreter whose scheduler it reaches into."""


def test_a_bell_wakes_who_waits_and_forgets_who_does_not(on_the_device) -> None:
    on_the_device("bell_cases.py")
