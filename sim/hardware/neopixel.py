"""neopixel: WS2812 pixels on a pin. To the host one that is lit at all is a lit light."""

import bench


class NeoPixel:
    """`n` pixels at `pin`; nothing shows before write()."""

    def __init__(self, pin, n: int, bpp: int = 3, timing: int = 1) -> None:
        self.pin = pin
        self.n = n
        self._colours = [(0,) * bpp] * n
        self._shown = None
        pin._drives_or_raises()

    def __len__(self) -> int:
        return self.n

    def __setitem__(self, at: int, colour) -> None:
        self._colours[at] = colour

    def __getitem__(self, at: int):
        return self._colours[at]

    def fill(self, colour) -> None:
        self._colours = [colour] * self.n

    def write(self) -> None:
        lit = 1 if any(any(colour) for colour in self._colours) else 0
        if lit != self._shown:
            self._shown = lit
            bench.tell({"pin": self.pin.number, "level": lit})
