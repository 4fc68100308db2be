"""Looking after devices: what they are, what is ordered of them, and what they have answered."""
