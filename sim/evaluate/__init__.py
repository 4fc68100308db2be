"""How well the sensor does: recordings and simulated people by the hundred, held against the truth.

statistics   intervals: what so many of so many proves
truth        what is true of a case, and how a sensor's words are scored against it
physiology   a body: breath, heart, movement, as displacement in mm
module       a breathing radar in front of it: fades, noise, rate, gate
stage        bodies and a module, put together into a trace
recordings   the real recordings: cut, repeated, resampled; apnoeas made from them
kinds …      every kind of case, built from a seed
baseline     a fixed threshold on the same input
without      the firmware with one of its parts taken out
play         one case through every system; all cases on all cores
summary      the results by kind, and the targets
nights       how often sleepers are asked and called for, a night
kept         results in a file: a long run that was cut off goes on
progress     how far a run has come, and how long the rest may take
table, page, plots, markdown   for people to read
outcome      where results go
cli          `doorknock sim evaluate`
"""
