"""`doorknock label`: labels for devices, the card by the door, the resident's own card."""
