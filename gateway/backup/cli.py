"""`doorknock backup` and `doorknock restore`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.options import Config

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Read the passphrase from a file's first line."),
]
PassphraseFd = Annotated[
    int | None, typer.Option("--passphrase-fd", help="Read it from this open file descriptor.")
]


def backup(
    config: Config,
    to: Annotated[Path, typer.Option("--to", help="The file to make. It must not exist yet.")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Write keys, configuration and stores into one encrypted file. The gateway may run."""
    from gateway.backup.passphrase import passphrase
    from gateway.backup.take import take
    from gateway.settings import load

    settings = load(config)
    secret = passphrase(passphrase_file, passphrase_fd, new=True)
    taken = take(settings, to, secret, now_ms=_now_ms())
    typer.echo(f"{to}: {taken.files} files, {taken.size / 1e6:.1f} MB, read back and whole.")
    if taken.left_out:
        typer.echo(taken.left_out)
    typer.echo("Keep it away from this computer, and its passphrase away from it.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `doorknock backup` has made.")],
    config: Config,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where a gateway is: it is kept beside.")
    ] = False,
    keep_config: Annotated[
        bool, typer.Option("--keep-config", help="Keep this computer's configuration.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Bring a gateway back from its backup, on this computer or another. No device is visited."""
    from gateway.backup.bring_back import bring_back
    from gateway.backup.passphrase import passphrase

    done = bring_back(
        file,
        config,
        lambda: passphrase(passphrase_file, passphrase_fd, new=False),
        replace=replace,
        keep_config=keep_config,
        now_ms=_now_ms(),
    )
    made = datetime.fromtimestamp(done.manifest.made_at_ms / 1000, UTC)
    many = f"{done.devices} device{'s' * (done.devices != 1)}"
    typer.echo(f"Restored into {done.data}: {many}, as of {made:%Y-%m-%d %H:%M} UTC.")
    if done.kept_aside:
        typer.echo(f"What was there before is in {done.kept_aside}; delete it when all is well.")
    if done.open_alerts:
        typer.echo(
            f"Alerts open then, which ask again: {done.open_alerts}. Look in, or close them."
        )
    typer.echo(
        "Devices added since then are unknown: add them again. Those retired since then are let in "
        "again: retire them again. Start the gateway, then run: doorknock doctor."
    )


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
