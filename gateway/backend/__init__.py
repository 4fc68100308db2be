"""The reference alert backend: takes events by webhook, asks people, tells the room they come.

It knows nothing of MQTT and nothing of devices' keys. docs/backend-contract.md says what any
other system has to do to stand in its place.
"""
