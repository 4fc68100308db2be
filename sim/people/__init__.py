"""People: a body, what it does, and what a radar could see of it."""
