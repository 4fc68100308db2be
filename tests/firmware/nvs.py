"""A settings store in memory, as strict as the chip's."""

from dataclasses import dataclass, field

NOT_FOUND = -0x1102
TYPE_MISMATCH = -0x1103
INVALID_LENGTH = -0x110C


@dataclass
class Nvs:
    values: dict[str, int | bytes] = field(default_factory=dict)
    committed: dict[str, int | bytes] = field(default_factory=dict)
    refuses: bool = False

    def get_i32(self, key: str) -> int:
        value = self._get(key)
        if not isinstance(value, int):
            raise OSError(TYPE_MISMATCH)
        return value

    def get_blob(self, key: str, buffer: bytearray) -> int:
        value = self._get(key)
        if isinstance(value, int):
            raise OSError(TYPE_MISMATCH)
        if len(value) > len(buffer):
            raise OSError(INVALID_LENGTH)
        buffer[: len(value)] = value
        return len(value)

    def set_i32(self, key: str, value: int) -> None:
        if self.refuses:
            raise OSError(-0x1105)
        assert len(key) <= 15
        self.values[key] = value

    def commit(self) -> None:
        if self.refuses:
            raise OSError(-0x1105)
        self.committed = dict(self.values)

    def _get(self, key: str) -> int | bytes:
        if key not in self.values:
            raise OSError(NOT_FOUND)
        return self.values[key]
