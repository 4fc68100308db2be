"""Runs first at every start, before main.py. Nothing that can fail belongs here."""

import gc

import slot

# Collect early and often: a fragmented heap is what runs out of memory on a day nobody looks.
gc.threshold(32768)
slot.choose()
