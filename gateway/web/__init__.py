"""The pages: what is open now, an alert, the devices. They work without scripts."""
