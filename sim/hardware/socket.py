"""Sockets, by way of the simulated access point: every connection goes through the board's own
port on the host, which forwards it while the radio is up and falls silent when it is not.
"""

import bench
import network
from usocket import *  # noqa: F403
from usocket import getaddrinfo as _getaddrinfo


def getaddrinfo(host, port, *rest):
    """The address to connect to; OSError where there is no network, as on the chip."""
    if not network.joined():
        raise OSError(-202)
    if bench.link_port:
        host, port = "127.0.0.1", bench.link_port
    return _getaddrinfo(host, port, *rest)
