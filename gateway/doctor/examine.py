"""All checks, one after the other; one that fails is itself a finding."""

from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.doctor import access_point, alert_backend, machine, people, rooms, stores, way
from gateway.doctor.finding import Finding, well, wrong
from gateway.doctor.patient import Patient
from gateway.errors import GatewayError
from gateway.lock import holder
from gateway.settings import load

CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    machine.service,
    machine.folder,
    machine.disk,
    machine.power,
    machine.clock,
    stores.both,
    way.program,
    way.listener,
    way.keys,
    access_point.access_point,
    alert_backend.backend,
    people.people,
    people.escalation,
    people.passwords,
    people.address,
    rooms.rooms,
    stores.waiting,
    stores.backup,
)


def examine(config: Path, now_ms: int) -> Iterator[Finding]:
    """What is well and what is not with the installation of *config*."""
    try:
        settings = load(config)
    except GatewayError as error:
        yield wrong("configuration", str(error), "correct it, and ask again")
        return
    yield well("configuration", f"{settings.path} is valid")
    patient = Patient(settings, now_ms, holder(settings.data))
    for check in CHECKS:
        try:
            yield from check(patient)
        except FileNotFoundError:
            # No store yet: the check of the stores has said so.
            continue
        except Exception as error:
            # Its name alone: the words may quote what is secret.
            name = check.__name__
            yield wrong(
                name,
                f"could not be checked ({type(error).__name__})",
                "report this, with this list",
            )
