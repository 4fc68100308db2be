"""What holds for every test."""

from hypothesis import settings

# Time is no property of ours: a machine with other work to do is slow, and not wrong.
settings.register_profile("doorknock", deadline=None)
settings.load_profile("doorknock")
