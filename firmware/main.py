"""Starts the application that boot.py chose. See doorknock/start.py."""

from doorknock import start

start.main()
