"""Scenarios: a world written down in TOML, what happens in it, and what is expected of it."""
