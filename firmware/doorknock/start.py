"""Starts the device: listens to its button, then loads and starts the app. See app.py."""

from doorknock import early


def main() -> None:
    """For ever."""
    awake = early.Early()
    # It takes a while, and somebody may be pressing now.
    from doorknock import app

    app.main(awake)
