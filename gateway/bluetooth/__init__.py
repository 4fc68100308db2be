"""Changing a device's Wi-Fi over Bluetooth, from the gateway: docs/bluetooth.md."""
