"""The simulator's commands: `doorknock sim …`."""

import typer

from sim.replay_cli import replay

sim = typer.Typer(
    help="The firmware under a real interpreter, without hardware.", no_args_is_help=True
)
sim.command("replay")(replay)


@sim.callback()
def _commands() -> None:
    """Keeps `sim` a group of commands, however few there are."""
