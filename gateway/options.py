"""Options that several commands have, declared once."""

from pathlib import Path
from typing import Annotated

import typer

# Set by an installed gateway's `doorknock` (install/doorknock), so that staff need not write it.
CONFIG_VARIABLE = "DOORKNOCK_CONFIG"

Config = Annotated[
    Path,
    typer.Option("--config", envvar=CONFIG_VARIABLE, help="The configuration, a TOML file."),
]
