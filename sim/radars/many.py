"""Many MR60 frames at once: mr60.frame for a whole column of samples, byte for byte the same."""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def frames(kind: int, data: Bytes, numbers: NDArray[np.int64]) -> Bytes:
    """One frame a row. data: (n, length), length at least 1; numbers: the frames' ids."""
    count, length = data.shape
    made = np.empty((count, 9 + length), dtype=np.uint8)
    made[:, 0] = 1
    made[:, 1] = (numbers >> 8) & 0xFF
    made[:, 2] = numbers & 0xFF
    made[:, 3], made[:, 4] = length >> 8, length & 0xFF
    made[:, 5], made[:, 6] = kind >> 8, kind & 0xFF
    made[:, 7] = np.bitwise_xor.reduce(made[:, :7], axis=1) ^ 0xFF
    made[:, 8 : 8 + length] = data
    made[:, 8 + length] = np.bitwise_xor.reduce(data, axis=1) ^ 0xFF
    return made


def floats(*columns: NDArray[np.float64]) -> Bytes:
    """These columns as little-endian 32-bit floats, side by side."""
    return np.column_stack(columns).astype("<f4").view(np.uint8)


def words(column: NDArray[np.bool_] | NDArray[np.int64], size: int) -> Bytes:
    """This column as little-endian whole numbers of so many bytes: 2 or 4."""
    kind = {2: "<u2", 4: "<u4"}[size]
    return np.ascontiguousarray(column.astype(kind))[:, None].view(np.uint8)
