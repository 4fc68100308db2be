"""A device at the other end of the way: keeps events until they are answered, sends them again.

It does what the firmware's link does on the wire and no more; scenarios have the firmware itself.
"""

import random

from doorknock import wire

from sim.building.packets import (
    ConnAck,
    Connect,
    Decoder,
    Ping,
    PubAck,
    Publish,
    Subscribe,
    encode,
)

# As the firmware's (firmware/doorknock/link.py, retry.py), without their jitter.
KEEPALIVE_S = 30
ACKNOWLEDGE_S = 5
CONNECT_S = 10
AGAIN_S = (2, 4, 8, 16, 32, 60)
RECONNECT_S = 3


class WireDevice:
    """A mains-powered device. network: a Way; `commands`: (t_s, command) as they came."""

    def __init__(self, loop, network):
        self.loop = loop
        self.network = network
        self.commands = []
        self.lights = []
        self.journal = {}
        self.boot, self.seq = 1, 0
        self.up = False
        self.connected = False
        self.gateway_online = False
        self.connection = 0
        self.packet_id = 0
        self.decoder = Decoder()
        self.chance = random.Random(1)
        self.unacknowledged = {}
        self.began_s = loop.time()
        self.connects = 0

    def power_on(self, values):
        """It is provisioned with this, and wants its access point."""
        self.device = values["device"].hex()
        self.key = wire.signing_key(values["secret"])
        self.host = values["host"]
        self.network.wifi_wanted(self, True)

    # --- what a test does with it ---

    def say(self, kind, **details):
        """Puts an event into the journal and sends it."""
        self.seq += 1
        uptime_ms = round((self.loop.time() - self.began_s) * 1000)
        payload = wire.encode(kind, self.device, self.boot, self.seq, uptime_ms, details, self.key)
        self.journal[self.boot, self.seq] = (wire.topic(self.device, wire.leaf_of(kind)), payload)
        self._send_event((self.boot, self.seq), 0)
        return self.seq

    def press(self, taps=1):
        return self.say("press", taps=taps, held=0)

    def heartbeats(self, every_s):
        """From now on, one so often."""

        def beat():
            self.say("heartbeat", battery_millivolts=3900)
            self.loop.call_later(every_s, beat)

        beat()

    @property
    def light(self):
        return self.lights[-1][1] if self.lights else None

    def power_off(self):
        """It says nothing more."""
        self.up = False
        self.connection += 1
        self.network.wifi_wanted(self, False)

    def power_on_again(self):
        """With power again, as the same boot: it was no more than out of reach."""
        self.network.wifi_wanted(self, True)

    # --- what the network says (sim.building.way.Station) ---

    def wifi(self, up, rssi_dbm):
        self.up = up
        if up and not self.connected:
            self._connect()

    def tcp_connected(self, connection):
        if connection == self.connection:
            will = Publish(wire.topic(self.device, "status"), wire.OFFLINE, 1, retain=True)
            self._write(Connect(self.device, KEEPALIVE_S, will=will))

    def tcp_refused(self, connection):
        self._lost(connection)

    def tcp_closed(self, connection):
        self._lost(connection)

    def tcp_received(self, connection, data):
        if connection != self.connection:
            return
        self.heard_s = self.loop.time()
        for packet in self.decoder.feed(data):
            self._take(packet)

    # --- within ---

    def _connect(self):
        if not self.up:
            return
        self.connection += 1
        self.decoder = Decoder()
        self.connected = False
        self.network.opened(self, self.connection, self.host, 1883)
        self.loop.call_later(CONNECT_S, self._give_up, self.connection)

    def _give_up(self, connection):
        if connection == self.connection and not self.connected:
            self._hang_up()

    def _hang_up(self):
        self.network.closed(self, self.connection)
        self._lost(self.connection)

    def _lost(self, connection):
        if connection != self.connection:
            return
        self.connection += 1
        self.connected = self.gateway_online = False
        self.unacknowledged.clear()
        self.loop.call_later(RECONNECT_S, self._connect)

    def _write(self, packet):
        self.network.sent(self, self.connection, encode(packet))

    def _take(self, packet):
        match packet:
            case ConnAck():
                self.connected = True
                self.connects += 1
                self.heard_s = self.loop.time()
                topics = ((wire.topic(self.device, "down"), 1), (wire.GATEWAY_ONLINE, 1))
                self._write(Subscribe(self._next_id(), topics))
                status = wire.topic(self.device, "status")
                self._write(Publish(status, wire.ONLINE, 1, self._next_id(), retain=True))
                self.loop.call_later(KEEPALIVE_S / 2, self._probe, self.connection)
            case Publish(topic, payload, _, id_):
                if topic == wire.GATEWAY_ONLINE:
                    self.gateway_online = payload == wire.ONLINE
                    if self.gateway_online:
                        for identity in list(self.journal):
                            self._send_event(identity, 0)
                else:
                    self._command(wire.decode_command(payload, self.key))
                if id_:
                    self._write(PubAck(id_))
            case PubAck(id_):
                self.unacknowledged.pop(id_, None)

    def _command(self, command):
        self.commands.append((self.loop.time(), command))
        if command.kind == "answer" and self.journal.pop((command.boot, command.seq), None):
            self.lights.append((self.loop.time(), "delivered"))
        elif command.kind == "light":
            self.lights.append((self.loop.time(), command.details["state"]))

    def _probe(self, connection):
        if connection != self.connection or not self.connected:
            return
        now = self.loop.time()
        late = any(now - since > ACKNOWLEDGE_S for since in self.unacknowledged.values())
        if late or now - self.heard_s > KEEPALIVE_S + ACKNOWLEDGE_S:
            self._hang_up()
            return
        self._write(Ping())
        self.loop.call_later(KEEPALIVE_S / 2, self._probe, connection)

    def _send_event(self, identity, times):
        if identity not in self.journal or not self.connected:
            return
        topic, payload = self.journal[identity]
        if not topic.endswith("/alarm") and not self.gateway_online:
            return
        id_ = self._next_id()
        self.unacknowledged[id_] = self.loop.time()
        connection = self.connection
        self._write(Publish(topic, payload, 1, id_, dup=times > 0))
        self.loop.call_later(ACKNOWLEDGE_S, self._acknowledged, connection, id_)
        again_s = AGAIN_S[min(times, len(AGAIN_S) - 1)]
        self.loop.call_later(again_s, self._again, connection, identity, times + 1)

    def _acknowledged(self, connection, id_):
        if connection == self.connection and id_ in self.unacknowledged:
            self._hang_up()

    def _again(self, connection, identity, times):
        if connection == self.connection and self.gateway_online:
            self._send_event(identity, times)

    def _next_id(self):
        self.packet_id = self.packet_id % 0xFFFF + 1
        return self.packet_id
