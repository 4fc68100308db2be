"""Backup and restore: a whole gateway in one encrypted file (docs/backup.md)."""
