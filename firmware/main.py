"""The device: starts the app. See doorknock/app.py."""

from doorknock import app

app.main()
