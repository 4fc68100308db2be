"""The radars' side of the wire: bytes exactly as each module sends them."""
