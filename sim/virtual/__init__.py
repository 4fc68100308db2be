"""Virtual time: an event loop whose clock runs as fast as the work is done, and boards in it."""
