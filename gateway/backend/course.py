"""The course of alerts within one transaction: advanced by what happens, and saved with all that
follows from it. A notice, a light, a timer is a row, written with what caused it.
"""

from datetime import datetime

from gateway.backend import cards
from gateway.backend.alert import Alert
from gateway.backend.alerts import advance, raise_alert
from gateway.backend.escalation import Plan
from gateway.backend.happenings import (
    ASKING,
    DeviceEvent,
    Effect,
    Happening,
    NobodyReached,
    Notify,
    Show,
    Withdraw,
)
from gateway.backend.ledger import Ledger
from gateway.backend.policy import Policy


class Course:
    """What becomes of the alerts in this ledger's transaction. Of one alert only whoever has
    locked it, or its unit, may say so."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self.ledger = ledger
        self._policy = policy

    def locked(self, alert_id: str, *, wait: bool = True) -> Alert | None:
        """The alert as it is once nobody else works on its unit."""
        alert = self.ledger.alert(alert_id)
        if alert is None or not self.ledger.lock_unit(alert.gateway, alert.unit, wait=wait):
            return None
        return self.ledger.alert(alert_id)

    def plan(self, where: Alert | DeviceEvent) -> Plan:
        """The plan of a unit, as it is now."""
        answers = self.ledger.answers(where.gateway, where.unit)
        if answers is None:
            return self._policy.plan
        return self._policy.plan_of(answers.first, answers.ambulance_min)

    def told(self, alert: Alert | None, event: DeviceEvent, now: datetime) -> Alert | None:
        """A device says something that concerns an alert: the open one of its unit, if there is
        one, else perhaps a new one."""
        ledger = self.ledger
        if alert is not None:
            ledger.log_event(alert, event, now)
            return self.advanced(alert, event, now)
        # The resident's own word goes before what the programme has set for the unit.
        chosen = cards.ok_closes(ledger.connection, event.gateway, event.unit)
        closes = event.unit in self._policy.ok_closes if chosen is None else chosen
        raised = raise_alert(event, now, self.plan(event), ok_closes=closes)
        if raised is None:
            return None
        alert, effects = raised
        ledger.save(alert, new=True)
        ledger.log_event(alert, event, now)
        return self._carry_out(alert, effects, now)

    def advanced(self, alert: Alert, happening: Happening, now: datetime) -> Alert:
        """The alert after this, saved, and what follows from it written."""
        after, effects = advance(alert, happening, now, self.plan(alert))
        if after != alert:
            self.ledger.save(after, new=False)
        return self._carry_out(after, effects, now)

    def escalated(self, alert: Alert, now: datetime) -> Alert:
        """Where nobody of those who are asked can be reached, the next are asked now."""
        if alert.asking is None or not alert.is_open:
            return alert
        if self.ledger.somebody_may_still_be_reached(alert, alert.asking.step_since):
            return alert
        return self.advanced(alert, NobodyReached(), now)

    def _carry_out(self, alert: Alert, effects: list[Effect], now: datetime) -> Alert:
        asked = False
        for effect in effects:
            match effect:
                case Notify(people, reason):
                    to = [
                        (person, channel)
                        for person in people
                        if person in self._policy.people
                        for channel in range(len(self._policy.people[person].channels))
                    ]
                    self.ledger.add_notices(to, reason.value, now, alert=alert.id)
                    asked = asked or reason in ASKING
                case Withdraw():
                    self.ledger.withdraw(alert)
                case Show(light, devices):
                    items = [
                        {
                            "unit": alert.unit,
                            "device": device,
                            "boot": boot,
                            "seq": seq,
                            "state": light.value,
                            "alert": alert.id,
                        }
                        for device, boot, seq in devices
                    ]
                    self.ledger.append_to_stream(alert.gateway, now, "light", items)
        # A step whose people have no channel at all has failed before it began.
        return self.escalated(alert, now) if asked else alert
