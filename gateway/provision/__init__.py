"""Making boards ready: what a board is, flashing, provisioning, labels. The extra `provision`.

Nothing here is imported by the gateway that runs: it needs none of these libraries.
"""

# What to do where a part of this is not installed: a gateway's own environment is no one else's.
INSTALL_IT = (
    "on a gateway run `sudo sh install/install.sh --boards`, elsewhere "
    "`pip install 'doorknock[provision]'`"
)
