"""Bluetooth without a radio: a simulated board's, on bumble's virtual controllers."""
