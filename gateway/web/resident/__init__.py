"""The resident's own page: opened by their card's QR code and its PIN; it works without scripts."""
