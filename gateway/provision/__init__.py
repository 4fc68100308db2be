"""Making boards ready: what a board is, flashing, provisioning, labels. The extra `provision`.

Nothing here is imported by the gateway that runs: it needs none of these libraries.
"""
