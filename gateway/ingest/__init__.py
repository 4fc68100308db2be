"""The doors in: every way by which a device's signed bytes reach the gateway."""
