"""The journal and the small kept states, under MicroPython on the real littlefs."""


def test_no_cut_between_or_within_any_two_writes_loses_a_committed_press(on_the_device) -> None:
    output = on_the_device("journal_power_cut.py")

    # Hundreds of cuts: fewer, and the script no longer works the journal as it should.
    cuts = int(output.split("cuts ")[1].split(",")[0])
    assert cuts > 300


def test_the_journal_is_bounded_ordered_sparing_and_survives_a_bad_flash(on_the_device) -> None:
    on_the_device("journal_cases.py")
