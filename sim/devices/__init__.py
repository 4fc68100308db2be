"""Simulated devices: the board's outside, as a host program sees it."""
