"""`doorknock doctor`: what is well with an installation, what is not, and what to do about it.

Each check is a function of a `Patient` that yields findings. None changes anything, anywhere, or
shows a secret; all work whether the gateway runs or not.
"""
