"""The banner nobody can miss: what the system cannot see or cannot say at this moment."""

from gateway.backend.overview import Overview
from gateway.backend.policy import Policy
from gateway.backend.trouble import now_so
from gateway.web.wording import Words


def blindness(seen: Overview, policy: Policy, words: Words) -> list[str]:
    """One sentence for each thing that is wrong, worst first; none when all is well."""
    said = []
    for gateway in seen.gateways:
        if gateway.lost_at is not None:
            since = words.time(gateway.heard_at or gateway.lost_at)
            said.append(words.say("blind_gateway", gateway=gateway.gateway, time=since))
        else:
            for one in now_so(gateway.troubles):
                said.append(words.say(f"blind_{one}", gateway=gateway.gateway))
    lost = {gateway.gateway for gateway in seen.gateways if gateway.lost_at is not None}
    # Of a lost gateway's devices nothing is known: they are not blamed.
    silent = [one.unit for one in seen.devices if one.late and one.gateway not in lost]
    if silent:
        said.append(words.say("blind_devices", units=", ".join(sorted(set(silent)))))
    faulty = [one.unit for one in seen.devices if one.faults]
    if faulty:
        said.append(words.say("blind_faults", units=", ".join(sorted(set(faulty)))))
    if not any(policy.plan.steps):
        said.append(words.say("blind_nobody"))
    elif unreachable := policy.unreachable():
        people = words.names(tuple(person.id for person in unreachable))
        said.append(words.say("blind_people", people=people))
    return said
