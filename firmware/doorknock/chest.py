"""How a chest moves, from one radar sample to the next, in viper. Read breathing.py first.

One work array of WORDS words. `sample` takes each phase: the step it makes, whether that step can
be believed, and bursts of steps that no chest makes. `slot`, five times a second, smooths what was
believed and follows it from one turning point to the next: a breath turns back, drift does not.

Places in the array are written as numbers in the viper code (a global would be boxed); the names
are for breathing.py. Nothing in it is ever below nought: displacements count from 5e7, phases from
2^29; ptr32 does not extend the sign on a 64-bit machine, and masking each costs eight instructions.
Ticks are 30 bits, and an age is masked to 30 bits.
"""

from array import array

import micropython

# Where displacement begins, mrad: 20 m from either end.
MIDDLE = 50000000

# --- sample
_REFERENCE = 0  # mrad + 2^29: the newest phase that was believed
RAW = 1  # mrad + 2^29: the newest phase
_STEP = 2  # mrad + 8,192: the newest step, within half a turn
HAVE = 3  # 0 no phase yet, 1 one, 2 a step as well
DOUBTED = 4  # 1: the newest phase was too far from the reference to be believed
DISPLACEMENT = 5  # mrad, 0 … 1e8, from 5e7
_SUM = 6  # of displacements in this slot
_IN_SLOT = 7  # samples in it, 0 … 8
WILD_SHARE = 9  # share of steps near half a turn or beyond, in 65,536ths, over some 32 samples
ROUGHNESS = 10  # mean change from step to step, in 64ths of a mrad, over some 32 samples
TALLY = 13  # since breathing.py last set it to 0: samples, and << 8 rough steps, << 16 wild ones,
# << 24 of more than a turn; each 0 … 63
# --- slot
_SUM_5 = 20
_AT_5 = 21
_SMOOTH = 22  # mrad: the mean of two means
OTHER = 23  # 1: the next slot sees to noise, heart and coarser legs
_LAGGING = 24  # mrad: the smoothed, some 0.8 s late
_BEFORE = 25  # the last two slots' means, for the noise
_BEFORE_THAT = 26
NOISE = 27  # mean change from slot step to slot step, in 16ths of a mrad, 0 … 1,600,000
HEART = 28  # peak to peak of what is quicker than breath, mrad, over some 3 s
FLOOR = 29  # mrad: less is no breath
SPAN = 30  # mrad: what counts as a breath now: the floor, more when it is noisy
COARSE_SPAN = 31  # mrad: the same for counting breaths, set anew every 6 s
_SLOWEST = 32  # mrad in 1.6 s: a leg that never is as fast is drift
_UP = 33  # 1 rising, 0 falling
_TOP = 34  # the farthest of this leg …
_TOP_TICK = 35
_TURN = 36  # … and where it began
_TURN_TICK = 37
_FASTEST = 38  # mrad in 1.6 s, of this leg
ACTIVE = 39  # tick at which the chest last moved as in breathing
LARGEST = 40  # mrad: the largest leg since breathing.py last set it to 0
LEGS = 41  # legs of breath so far, 0 … 2^29
_COARSE_UP = 42
_COARSE_TOP = 43
_COARSE_TOP_TICK = 44
COARSE_TURN = 45  # tick of the newest turning point among those that are counted
COARSE_LEGS = 46  # how many there were, 0 … 2^29
SPEED = 47  # mrad in 1.6 s, now
_RING_5 = 50
_MEAN = 55  # mrad: the mean of the slot before the last
WORDS = 56


@micropython.viper
def sample(w: ptr32, phase: int, ticks: int) -> int:  # noqa: F821 (ptr32 is viper's)
    """One phase in mrad, |.| < 2^29. Answers 1 when the displacement has left its range, 2 when
    the phase is not believed, or the last one was not.

    The difference of two phases is below 2^30. A step of more than a turn counts as half a turn;
    another is brought within half a turn, so steps are within 3,142 and their differences within
    6,283. Sum of a slot: eight displacements, 8e8 < 2^30.
    """
    phase += 0x20000000
    step = phase - w[1]
    w[1] = phase
    turned = 0
    if step > 3142 or step < -3142:
        if step > 6283 or step < -6283:
            turned = 1
            step = 3142
        elif step > 0:
            step -= 6283
        else:
            step += 6283
    # How rough: the change from the last step to this one. Random phase makes 1,571 on average.
    step += 8192
    rough = step - w[2]
    w[2] = step
    step -= 8192
    if rough < 0:
        rough = 0 - rough
    if rough > 3142:
        rough = 6284 - rough
    wild = 0
    if step > 2100 or step < -2100:
        wild = 65536
    if w[3] < 2:
        # There is nothing yet to hold it against.
        if w[3] == 0:
            w[0] = phase
        w[3] = w[3] + 1
        return 0
    # Means over 32 samples.
    w[9] = w[9] + ((wild - w[9]) >> 5)
    w[10] = w[10] + (((rough << 6) - w[10]) >> 5)
    # What the samples since the last slot were like.
    if (w[13] & 255) < 63:
        total = w[13] + 1 + wild + (turned << 24)
        if turned or rough > 1300:
            total += 256
        w[13] = total
    # The step from the phase that was last believed.
    if w[4] != 0:
        wild = 1
        step = phase - w[0]
        if step > 6283 or step < -6283:
            turned = 1
        elif step > 3142:
            step -= 6283
        elif step < -3142:
            step += 6283
    if turned or step > 2300 or step < -2300:
        # One such sample may be a glitch: the next is held against the last good one. Two in a
        # row: the chest, or the phase, is somewhere else, and how it got there is not known.
        if w[4] != 0:
            w[0] = phase
        w[4] = w[4] ^ 1
        return 2
    w[4] = 0
    w[0] = phase
    step += w[5]
    if step > 100000000 or step < 0:
        w[5] = 50000000
        return 1
    w[5] = step
    if w[7] < 8:
        w[7] = w[7] + 1
        w[6] = w[6] + step
    if wild:
        return 2
    return 0


@micropython.viper
def slot(w: ptr32, ticks: int):  # noqa: F821
    """One slot of some 200 ms: the mean of its samples into the filters, and on to the legs.

    All means are 0 … 1e8, differences of two within 1e8, of three within 2e8, the sum of five is
    at most 5e8: below 2^29. Every other slot smooths and sees to the legs of breath, the others
    to the noise, the heart and the coarser legs: so no one sample costs much.
    """
    count = w[7]
    value = w[5]
    if count != 0:
        value = w[6]
        if count == 4:
            value = value >> 2
        elif count != 1:
            value = value // count
        w[6] = 0
        w[7] = 0
    # 1.0 s mean
    at = w[21]
    total = w[20] + value - w[50 + at]
    w[20] = total
    w[50 + at] = value
    at += 1
    if at >= 5:
        at = 0
    w[21] = at
    mean = total // 5
    at = w[26]
    w[26] = w[25]
    w[25] = value
    if w[23] != 0:
        w[23] = 0
        # noise: how unlike a straight line the last three are
        away = value - w[26] - w[26] + at
        if away < 0:
            away = 0 - away
        if away > 100000:
            away = 100000
        w[27] = w[27] + (((away << 4) - w[27]) >> 3)
        # the heart: the middle slot of the five less their mean, twice the largest, fading over 3 s
        away = at - mean
        if away < 0:
            away = 0 - away
        away = away << 1
        total = w[28] - (w[28] >> 3)
        if total < away:
            total = away
        w[28] = total
        # coarser legs, for counting breaths
        smooth = w[22]
        away = smooth - w[43]
        if w[42] == 0:
            away = 0 - away
        if away >= 0:
            w[43] = smooth
            w[44] = ticks
        elif 0 - away >= w[31]:
            w[45] = w[44]
            w[46] = (w[46] + 1) & 0x1FFFFFFF
            w[43] = smooth
            w[44] = ticks
            w[42] = w[42] ^ 1
        return
    w[23] = 1
    # the mean of it and of the one 0.4 s before: no beat of 1.25 Hz, half of one of 0.8 Hz
    smooth = (mean + w[55]) >> 1
    w[55] = mean
    w[22] = smooth
    # how far in 1.6 s: twice what a mean over some 0.8 s lags behind
    speed = smooth - w[24]
    w[24] = w[24] + (speed >> 1)
    if speed < 0:
        speed = 0 - speed
    speed = speed << 1
    w[47] = speed
    # the leg that goes on: up or down from the last turning point
    if speed > w[38]:
        w[38] = speed
    away = smooth - w[34]
    total = smooth - w[36]
    if w[33] == 0:
        away = 0 - away
        total = 0 - total
    if away >= 0:
        w[34] = smooth
        w[35] = ticks
        # Breath turns back within 5 s; what goes on and on is drift.
        if total >= w[30] and speed >= w[32] and ((ticks - w[37]) & 0x3FFFFFFF) <= 5000:
            w[39] = ticks
            if total > w[40]:
                w[40] = total
    elif 0 - away >= w[30]:
        # Turned back: the leg is over, and was one of breath if it was ever fast enough.
        if w[38] >= w[32]:
            w[41] = (w[41] + 1) & 0x1FFFFFFF
            if speed >= w[32]:
                w[39] = ticks
        w[36] = w[34]
        w[37] = w[35]
        w[34] = smooth
        w[35] = ticks
        w[33] = w[33] ^ 1
        w[38] = speed


def work(floor: int, slowest: int):
    """The work array, for a floor and a slowest leg in mrad (and mrad in 1.6 s)."""
    w = array("i", [0] * WORDS)
    w[FLOOR] = w[SPAN] = w[COARSE_SPAN] = floor
    w[_SLOWEST] = slowest
    w[DISPLACEMENT] = MIDDLE
    return w


def restart(w, ticks: int) -> None:
    """The gate opens, or what was seen before says nothing: fills the filters with one value."""
    _fill(w, w[DISPLACEMENT], ticks)


def centre(w, ticks: int) -> None:
    """A second after a restart: the same, with the mean of that second. Where the restart fell in
    a beat is then no leg from there to the middle of the beat."""
    _fill(w, w[_SUM_5] // 5, ticks)


def _fill(w, value: int, ticks: int) -> None:
    for place in range(_RING_5, WORDS):
        w[place] = value
    w[_SUM_5] = 5 * value
    w[_BEFORE] = w[_BEFORE_THAT] = w[_TOP] = w[_TURN] = w[_COARSE_TOP] = w[_LAGGING] = w[
        _SMOOTH
    ] = value
    w[_TOP_TICK] = w[_TURN_TICK] = w[_COARSE_TOP_TICK] = ticks
    w[_SUM] = w[_IN_SLOT] = w[HEART] = w[_FASTEST] = w[SPEED] = 0
