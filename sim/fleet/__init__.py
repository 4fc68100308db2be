"""`doorknock sim fleet`: hundreds of light-weight devices on a real gateway, broker and backend."""
