"""The door in by MQTT, and the way down: two sessions at the broker, whichever broker it is.

Alarms and telemetry have a session each, because a session whose unacknowledged messages are at
their limit receives nothing more. A message is acknowledged when the intake says so. Every
callback catches everything: paho's thread ends in silence at an exception. `alive` tells whether
one has ended all the same.
"""

import functools
import socket
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
import structlog
from doorknock import wire
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from gateway.arrival import Arrival
from gateway.intake import IN_FLIGHT

_log = structlog.get_logger("mqtt")

# Notices a broker that has gone without a word within 1.5 of these.
KEEPALIVE_S = 15
# paho doubles the first up to the second.
RECONNECT_S = (1, 8)
# Long enough for the farewell to leave, short enough for somebody who waits for Ctrl-C.
FAREWELL_S = 1.0
ALARM_LEAVES = ("alarm",)
OTHER_LEAVES = ("up", "status")


def _caught(callback: Callable[..., None]) -> Callable[..., None]:
    """The callback, but what it raises is told and goes no further."""

    @functools.wraps(callback)
    def call(*arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception as error:
            _log.error(
                "a callback stumbled; report this", callback=callback.__name__, exc_info=error
            )

    return call


class _Session:
    """One MQTT session that outlives its connections."""

    def __init__(
        self,
        name: str,
        leaves: tuple[str, ...],
        take: Callable[[Arrival], None],
        clock_ms: Callable[[], int],
        on_ready: Callable[["_Session"], None],
    ) -> None:
        self.name = name
        self._leaves = leaves
        self._take = take
        self._clock_ms = clock_ms
        self._on_ready = on_ready
        # Message numbers mean something on the connection they came by, and on no other.
        self._connection = 0
        self._told_lost = False
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=False, manual_ack=True
        )
        self.client.max_inflight_messages_set(IN_FLIGHT)
        self.client.reconnect_delay_set(*RECONNECT_S)
        self.client.on_socket_open = _send_at_once
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        thread = self.client._thread
        return thread is not None and thread.is_alive()

    @_caught
    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any
    ) -> None:
        self._connection += 1
        if reason.is_failure:
            _log.error("the broker refuses the gateway", session=self.name, why=str(reason))
            return
        # Also where the session was kept: the broker may have lost its store.
        client.subscribe([(f"{wire.ROOT}/+/{leaf}", 1) for leaf in self._leaves])

    @_caught
    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            _log.error("the broker refuses a subscription", session=self.name)
            return
        self._told_lost = False
        _log.info("connected to the broker", session=self.name)
        self._on_ready(self)

    @_caught
    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any
    ) -> None:
        self._connection += 1
        if reason.is_failure and not self._told_lost:
            self._told_lost = True
            _log.warning("lost the broker; trying again", session=self.name, why=str(reason))

    @_caught
    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        connection, mid, qos = self._connection, message.mid, message.qos

        def acknowledge() -> None:
            if connection == self._connection:
                client.ack(mid, qos)

        try:
            device, leaf = wire.read_topic(message.topic)
        except wire.Refused:
            device, leaf = "", message.topic.rpartition("/")[2]
        self._take(
            Arrival("mqtt", device, leaf, bytes(message.payload), self._clock_ms(), acknowledge)
        )


@_caught
def _send_at_once(_client: mqtt.Client, _data: Any, connection: Any) -> None:
    """Without it an answer waits for the broker to confirm the acknowledgement before it: 40 ms,
    by Nagle's algorithm against delayed ACKs."""
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, AttributeError) as error:
        _log.warning("answers may be 40 ms late", error=type(error).__name__)


class MqttIngest:
    """The gateway at its broker. `start()` returns at once and connects for ever after."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        username: str,
        password: str,
        take: Callable[[Arrival], None],
        clock_ms: Callable[[], int],
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._host = host
        self._port = port
        self._on_ready = on_ready
        self._ready: set[str] = set()
        self._lock = threading.Lock()
        self._alarms = _Session("gateway-alarm", ALARM_LEAVES, take, clock_ms, self._one_ready)
        self._others = _Session("gateway-up", OTHER_LEAVES, take, clock_ms, self._one_ready)
        for session in (self._alarms, self._others):
            if username:
                session.client.username_pw_set(username, password)
        # The alarm session's will: without it the gateway hears no press.
        self._alarms.client.will_set(wire.GATEWAY_ONLINE, wire.OFFLINE, qos=1, retain=True)

    @property
    def connected(self) -> bool:
        """Whether presses can come in now."""
        return self._alarms.alive and self._alarms.client.is_connected()

    @property
    def alive(self) -> bool:
        """Whether it goes on by itself, connected or not. False before `start()`."""
        return self._alarms.alive and self._others.alive

    def start(self) -> None:
        """Connects, and again whenever the connection is lost."""
        for session in (self._alarms, self._others):
            session.client.connect_async(self._host, self._port, KEEPALIVE_S)
            session.client.loop_start()

    def stop(self) -> None:
        """Says goodbye to the devices, and disconnects. Blocks for FAREWELL_S at most."""
        if self.connected:
            farewell = self._alarms.client.publish(
                wire.GATEWAY_ONLINE, wire.OFFLINE, qos=1, retain=True
            )
            try:
                farewell.wait_for_publish(FAREWELL_S)
            except (RuntimeError, ValueError):
                _log.warning("could not tell the devices that the gateway stops")
        for session in (self._alarms, self._others):
            session.client.disconnect()
            session.client.loop_stop()

    def send(self, device: str, message: bytes, *, alarm: bool) -> None:
        """See gateway.arrival.Down. By the other session where its own is not there: what is sent
        again, is sent again when the device is heard, and a button is silent for 15 minutes."""
        own, other = (self._alarms, self._others) if alarm else (self._others, self._alarms)
        client = (own if own.client.is_connected() else other).client
        try:
            if client.is_connected():
                client.publish(wire.topic(device, "down"), message, qos=1)
        except Exception as error:
            _log.warning("a command could not be sent", device=device, error=type(error).__name__)

    def _one_ready(self, session: _Session) -> None:
        if session is self._alarms:
            session.client.publish(wire.GATEWAY_ONLINE, wire.ONLINE, qos=1, retain=True)
        with self._lock:
            self._ready.add(session.name)
            both = len(self._ready) == 2
        if both:
            self._on_ready()
