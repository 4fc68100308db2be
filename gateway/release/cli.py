"""`doorknock release key, make, trust, add, list, remove`.

A release is made where the key is, and brought to gateways as one file. The key need not be on a
gateway, and had better not be: whoever has it can put any program on every device.
"""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.backup.passphrase import SHORTEST
from gateway.errors import ReleaseError
from gateway.options import Config
from gateway.release import keys
from gateway.release.library import Library
from gateway.release.release_file import SUFFIX, read, write
from gateway.typed_in import typed_in

release_app = typer.Typer(
    help="Sign applications for devices, and keep those of this gateway.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON, one object a line.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Read the key's passphrase from a file's first line."),
]
PassphraseFd = Annotated[
    int | None, typer.Option("--passphrase-fd", help="Read it from this open file descriptor.")
]


@release_app.command("key")
def make_key(
    to: Annotated[Path, typer.Option("--to", help="The file to make. It must not exist yet.")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Make the programme's release key: once, and never again if all goes well."""
    if to.exists():
        raise ReleaseError(f"There is a file {to} already; name another.")
    key = keys.make_key(to, _passphrase(passphrase_file, passphrase_fd, new=True))
    typer.echo(f"{to}: keep it on two sticks in two places, and its passphrase apart from them.")
    typer.echo(f"{keys.public_path(to)}: for gateways. {keys.fingerprint(key.public)}")
    typer.echo(f"On each gateway: doorknock release trust {keys.public_path(to).name}")


@release_app.command("make")
def make(
    key: Annotated[Path, typer.Option("--key", help="The release key's file.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to make; by its version if not given.")
    ] = None,
    firmware: Annotated[
        Path | None,
        typer.Option(help="A folder with another firmware than this Doorknock's.", file_okay=False),
    ] = None,
    over: Annotated[
        str,
        typer.Option(help="A newer version over which it may be installed: a step back."),
    ] = "",
    next_key: Annotated[
        Path | None,
        typer.Option("--next-key", help="A .pub file: the key that devices trust after this."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Compile the firmware for every chip, and sign it. Its version is the firmware's own."""
    from gateway.release.build import build, version_of

    version = version_of(firmware)
    path = to or Path(f"doorknock-{version}{SUFFIX}")
    if path.exists():
        raise ReleaseError(f"There is a file {path} already; name another.")
    public = keys.load_public(next_key) if next_key is not None else b""
    secret = keys.load_key(key, _passphrase(passphrase_file, passphrase_fd, new=False))
    made = build(secret, firmware=firmware, over=over, next_key=public)
    write(made, path)
    arches = ", ".join(sorted(made.manifests))
    typer.echo(f"{path}: version {version} for {arches}.")
    typer.echo(f"On each gateway: doorknock release add {path.name}")


@release_app.command("trust")
def trust(
    public: Annotated[Path, typer.Argument(help="The .pub file of the release key.")],
    config: Config,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where another key is trusted now.")
    ] = False,
) -> None:
    """Trust a release key: devices are set up with it from now on, releases are verified by it."""
    found = keys.load_public(public)
    library = _library(config)
    trusted = library.trusted
    if trusted and trusted != found and not replace:
        raise ReleaseError(
            f"This gateway trusts another key ({keys.fingerprint(trusted)}), and so do its "
            "devices; read docs/updates.md, A new key, before you use --replace."
        )
    library.trust(found)
    typer.echo(f"Trusted: {keys.fingerprint(found)}. Compare it with what the key's maker sees.")


@release_app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A file that `doorknock release make` has made.")],
    config: Config,
) -> None:
    """Verify a release, and keep it on this gateway. No device is told of it yet."""
    library = _library(config)
    trusted = library.trusted
    if not trusted:
        raise ReleaseError(
            "This gateway trusts no release key yet; run `doorknock release trust KEY.pub`."
        )
    release = read(file, trusted)
    is_new = library.add(release)
    typer.echo(f"{release.version} {'is verified and here' if is_new else 'was here already'}.")
    if release.over:
        typer.echo(f"It is a step back, for devices that run {release.over}.")
    if release.next_key:
        typer.echo(
            f"Devices that run it trust another key from then on: "
            f"{keys.fingerprint(release.next_key)}."
        )
    typer.echo(f"Next: doorknock device update --all --release {release.version}")


@release_app.command("list")
def list_releases(config: Config, as_json: AsJson = False) -> None:
    """Show the releases that are on this gateway, and the key that it trusts."""
    library = _library(config)
    trusted = library.trusted
    for one in library.all():
        if as_json:
            typer.echo(
                json.dumps(
                    {
                        "version": one.version,
                        "over": one.over or None,
                        "arches": sorted(one.manifests),
                        "bytes": one.total,
                        "next_key": one.new_key,
                    }
                )
            )
            continue
        more = f"  over {one.over}" if one.over else ""
        more += "  brings a new key" if one.new_key else ""
        arches = ", ".join(sorted(one.manifests))
        typer.echo(f"{one.version}  {one.total // 1024} KB  {arches}{more}")
    if not as_json:
        typer.echo(f"trusted key: {keys.fingerprint(trusted) if trusted else 'none'}")


@release_app.command("remove")
def remove(
    version: Annotated[str, typer.Argument(help="Which, such as 0.2.0.")], config: Config
) -> None:
    """Forget a release. Devices that run it go on running it."""
    _library(config).remove(version)
    typer.echo(f"{version} is removed.")


def _passphrase(file: Path | None, descriptor: int | None, *, new: bool) -> str:
    return typed_in(
        "passphrase of the release key",
        file,
        descriptor,
        ReleaseError,
        new=new,
        shortest=SHORTEST,
        option="--passphrase-file",
    )


def _library(config: Path) -> Library:
    from gateway.settings import load

    data = load(config).data
    if data.exists() and not os.access(data, os.R_OK | os.X_OK):
        raise ReleaseError(
            f"The data directory {data} is not yours to read; run this as the gateway's user."
        )
    return Library(data)
