"""The device: listens to its button, then loads and starts the app. See doorknock/app.py."""

from doorknock import early

awake = early.Early()

from doorknock import app  # noqa: E402 - it takes a while, and somebody may be pressing now

app.main(awake)
