"""Detector, watch and sensor, here on the plain-Python twin of viper."""

from sim import host

host.install()
