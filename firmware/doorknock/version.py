"""What this application calls itself: three numbers, compared one by one."""

FIRMWARE = "0.1.0"
