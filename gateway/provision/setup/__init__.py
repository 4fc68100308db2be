"""`doorknock provision`: a board becomes a device that somebody's life may hang on.

Each board goes through the same steps (steps.py), and what is done of them is kept in the gateway's
store: cut off anywhere, it is run again and goes on. Keys are made here and go two ways, to the
gateway's store and over the cable; none is ever on a command line, in a log or in a CSV.

A board that is flashed in the same go gets its settings as an image of its NVS partition (nvs.py),
with the rest that esptool writes: so it never starts without them. One that is flashed already gets
them by MicroPython's raw REPL (cable.py): nothing else on it is touched, neither the events that it
has not sent yet nor the count of its starts, and it takes seconds.
"""
