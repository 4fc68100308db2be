"""Rooms: where things and people are, and what comes back of them to a radar."""
