"""Updates over the air: brought to devices in stages, and stopped where they do worse after it."""
