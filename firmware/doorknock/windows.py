"""The windows of the breathing tier: smoothing and spans of a chest's displacement, in viper.

One work array of WORDS words, which `slot` advances by 100 ms. Two moving averages in a row, 1.0 s
and 0.7 s, then the span over 3 s and 10 s; beside them the heart: 0.3 s less 1.0 s, over 3 s.
"""

import micropython

# Places in the work array (viper writes it): see slot.
_POSITION = 0
_COUNT = 1
_SUM_10 = 2
_SUM_7 = 3
_AT_10 = 4
_AT_7 = 5
MOTION_3S = 6  # results, mrad, 0 … 2^29
HEART_3S = 7
QUIET_SLOTS = 8
MOTION_10S = 9
FLOOR = 10
# rings in the work array
_RAW = 16  # 10 raw displacements
_MEAN = 26  # 7 means of 10
_SMOOTH = 33  # 100 smoothed
_HEART = 133  # 30 of raw less mean
WORDS = 163


@micropython.viper
def slot(w: ptr32, displacement: int):  # noqa: F821 (ptr32 is viper's)
    """One slot of 100 ms: displacement in mrad, |.| <= 5e7, into the windows.

    Stored values are signed and below 2^29 in size; they are read masked, because ptr32 does not
    extend the sign on a 64-bit machine. Sums: ten raw values <= 5e8 < 2^29; seven means <= 3.5e8.
    Peak-to-peak of two values: <= 1e8. Three raw values, each a third of one: <= 5e7.
    """
    # 1.0 s mean
    at = w[4]
    old = ((w[16 + at] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
    total = ((w[2] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
    total = total + displacement - old
    w[2] = total
    w[16 + at] = displacement
    at += 1
    if at >= 10:
        at = 0
    w[4] = at
    mean = total // 10
    # 0.7 s mean of it
    to = w[5]
    old = ((w[26 + to] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
    total = ((w[3] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
    total = total + mean - old
    w[3] = total
    w[26 + to] = mean
    to += 1
    if to >= 7:
        to = 0
    w[5] = to
    smooth = total // 7
    # the heart: the three raw values in the middle of the ten, less the mean of the ten
    middle = 0
    i = 0
    while i < 3:
        j = at + 3 + i
        if j >= 10:
            j -= 10
        middle += (((w[16 + j] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000) // 3
        i += 1
    position = w[0]
    w[33 + position] = smooth
    j = position
    while j >= 30:
        j -= 30
    w[133 + j] = middle - mean
    count = w[1]
    if count < 100:
        count += 1
        w[1] = count
    # 3 s of heart: the whole ring of 30, or what there is of it
    low = middle - mean
    high = low
    i = 0
    while i < 30 and i < count:
        k = j - i
        if k < 0:
            k += 30
        value = ((w[133 + k] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if value < low:
            low = value
        if value > high:
            high = value
        i += 1
    w[7] = high - low
    # the smoothed ring, newest first: the span over 3 s, over all of it, and for how many slots
    # back the span stays below the floor
    low = smooth
    high = smooth
    floor = w[10]
    quiet = 0
    i = 0
    w[6] = 0
    while i < count:
        k = position - i
        if k < 0:
            k += 100
        value = ((w[33 + k] & 0x3FFFFFFF) ^ 0x20000000) - 0x20000000
        if value < low:
            low = value
        if value > high:
            high = value
        if high - low < floor:
            quiet = i + 1
        i += 1
        if i <= 30:
            w[6] = high - low
    w[8] = quiet
    w[9] = high - low
    position += 1
    if position >= 100:
        position = 0
    w[0] = position


@micropython.viper
def restart(w: ptr32, displacement: int):  # noqa: F821
    """Fills the windows with one value, as if nothing had moved. 10 x displacement < 2^29."""
    i = 0
    while i < 10:
        w[16 + i] = displacement
        i += 1
    i = 0
    while i < 7:
        w[26 + i] = displacement
        i += 1
    i = 0
    while i < 10:
        w[i] = 0
        i += 1
    w[2] = displacement * 10
    w[3] = displacement * 7
