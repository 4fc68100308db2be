"""How deep somebody breathes, against their own depth: block by block of 6 s."""

from array import array

from doorknock import chest
from doorknock.strength import Strength

OWN = 5000  # mrad: 2 mm
WEAK = 800
START = (1 << 30) - 30_000


class Chest:
    """Blocks of breath in, one after another; over the ticks' wrap."""

    def __init__(self) -> None:
        self.strength = Strength(20)
        self._w = array("i", [0] * chest.WORDS)
        self._ticks = START
        self.strength.tick(self._w, START, False)

    def breathes(self, *largest: int, everywhere: bool = False) -> list[bool]:
        """The largest leg of each block, mrad; whether breath was weak after each."""
        weak = []
        for leg in largest:
            self._ticks = (self._ticks + 6000) & ((1 << 30) - 1)
            self._w[chest.LARGEST] = leg
            self.strength.tick(self._w, self._ticks, everywhere)
            weak.append(self.strength.weak)
        return weak

    def turns_over(self) -> None:
        self.strength.moved(self._ticks)
        self._w[chest.LARGEST] = 0


def test_four_weak_blocks_are_weak_and_breath_that_comes_back_ends_it():
    chest = Chest()
    assert not any(chest.breathes(*[OWN] * 5))
    # The first weak block is judged with the one before it.
    assert chest.breathes(*[WEAK] * 6) == [False, False, False, False, True, True]
    assert chest.breathes(OWN, OWN, OWN) == [True, False, False]


def test_one_sigh_does_not_end_it():
    chest = Chest()
    chest.breathes(*[OWN] * 5, *[WEAK] * 6)
    assert all(chest.breathes(OWN, WEAK, WEAK, WEAK, OWN, WEAK))


def test_turned_over_a_smaller_breath_is_the_new_habit_but_a_fifth_is_weak():
    chest = Chest()
    chest.breathes(*[OWN] * 5)
    chest.turns_over()
    assert not any(chest.breathes(*[OWN // 3] * 12))
    chest.turns_over()
    # Not known until three blocks of it have been seen; then a fifth of what was is weak.
    assert chest.breathes(*[OWN // 16] * 9)[-1]


def test_who_fidgets_on_after_a_movement_breathes_no_deeper_for_it():
    chest = Chest()
    chest.breathes(*[2000] * 5)
    chest.turns_over()
    assert not any(chest.breathes(12_000, 11_000, 12_000, 11_000, *[2000] * 12))


def test_a_hand_that_moves_in_every_second_block_after_a_movement_is_no_depth():
    chest = Chest()
    chest.turns_over()
    assert not any(chest.breathes(12_000, 2000, 12_000, 2000, 12_000, *[2000] * 12))


def test_what_was_learned_in_haste_is_no_measure_of_what_comes_after_a_movement():
    chest = Chest()
    chest.breathes(*[2000] * 10)
    for _ in range(3):
        chest.turns_over()
        chest.breathes(12_000, 11_000, 12_000, 11_000, 12_000)
    # Three times the double would be all of it; it is held to the double of what was well known.
    chest.turns_over()
    assert not any(chest.breathes(12_000, 11_000, 12_000, 11_000, *[2000] * 12))


def test_a_side_that_shows_more_of_the_chest_becomes_the_habit():
    chest = Chest()
    chest.breathes(*[1500] * 5)
    chest.turns_over()
    # Twice what was is believed at once, more comes: 1,000 is a fifth of 5,000.
    chest.breathes(*[OWN] * 60)
    assert chest.breathes(*[900] * 8)[-1]


def test_a_hand_that_moves_now_and_then_is_no_depth():
    chest = Chest()
    chest.breathes(*[2500] * 5)
    assert not any(chest.breathes(*[2500, 2500, 12_000, 2500] * 30, *[2200] * 8))


def test_who_goes_all_round_the_circle_moves_by_a_turn_whatever_legs_were_made_of_it():
    for everywhere in (False, True):
        chest = Chest()
        # Half of the steps are not believed: legs are a third of what they are.
        chest.breathes(*[2000] * 5, everywhere=everywhere)
        assert chest.breathes(*[900] * 8)[-1] == everywhere


def test_a_walk_is_not_taken_for_depth():
    """Whoever walks is everywhere, and moves largely: what comes after is their habit."""
    chest = Chest()
    for _ in range(3):
        chest.turns_over()
        chest.breathes(3000, everywhere=True)
    chest.turns_over()
    assert not any(chest.breathes(*[900] * 12))
