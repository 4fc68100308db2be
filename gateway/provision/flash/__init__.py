"""`doorknock flash`: MicroPython, our application and the settings, onto boards by cable.

esptool does the writing, and is called as a program. What it writes is cut into pieces; each that
the chip has confirmed by its MD5 is noted in a journal of that board, so that a run which was cut
off can be taken up again; at the end all of them are asked for once more.
"""
