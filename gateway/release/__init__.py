"""Releases: applications for devices, signed by the programme's key, and those a gateway has."""
