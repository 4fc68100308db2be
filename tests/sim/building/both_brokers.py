"""The same conversations with the model of the broker and with mosquitto: clients see the same.

A table has `client(name, ...)`, whose `seen()` is all that has come since it was last asked.
"""

import asyncio
import shutil
import socket
import subprocess
import time

from gateway.broker import IN_FLIGHT
from sim.building.broker import Broker, Listener
from sim.building.packets import Connect, Decoder, Ping, Publish, encode
from sim.virtual.loop import VirtualLoop

# What the conversations are about is in the ACL of gateway/broker.py, told apart by the client id.
ACL = """\
pattern write doorknock/1/%c/alarm
pattern write doorknock/1/%c/up
pattern write doorknock/1/%c/status
pattern read doorknock/1/%c/down
pattern read doorknock/1/gateway/online
"""
DEADLINE_S = 60.0


class Client:
    """One connection. `closed`: the broker has hung up."""

    def __init__(self, table, name, connection):
        self.table, self.name = table, name
        self.connection = connection
        self.decoder = Decoder()
        self.arrived = []
        self.closed = False

    def say(self, *packets):
        for packet in packets:
            self.table.put(self, encode(packet))
        return self

    def seen(self):
        self.table.settle()
        seen, self.arrived = self.arrived, []
        return seen

    def leave_without_a_word(self):
        self.table.cut(self)

    def fed(self, data):
        self.arrived += self.decoder.feed(data)


class _Table:
    def client(self, name, *, will=None, clean=False, keepalive_s=60, gateway=False):
        client = self.come(name, gateway)
        return client.say(Connect(name, keepalive_s, clean, will))


class Model(_Table):
    """The model, in virtual time."""

    def __init__(self):
        self.loop = VirtualLoop()
        self.broker = Broker(self.loop)
        self.broker.start()

    def come(self, name, gateway):
        client = Client(self, name, None)
        listener = Listener.GATEWAY if gateway else Listener.DEVICES
        client.connection = self.broker.connect(
            listener, client.fed, lambda: setattr(client, "closed", True)
        )
        return client

    def put(self, client, data):
        client.connection.received(data)

    def cut(self, client):
        client.connection.lost()

    def settle(self):
        self.loop.run_until_complete(asyncio.sleep(0.01))

    def end_the_process(self, *, wiped):
        self.broker.kill(wipe=wiped)
        self.broker.start()

    def close(self):
        self.loop.close()


class Mosquitto(_Table):
    """The real thing, in a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        held = [socket.socket(), socket.socket()]
        for one in held:
            one.bind(("127.0.0.1", 0))
        self.ports = [one.getsockname()[1] for one in held]
        for one in held:
            one.close()
        (folder / "devices.acl").write_text(ACL)
        (folder / "gateway.acl").write_text("topic readwrite doorknock/1/#\n")
        (folder / "mosquitto.conf").write_text(
            "user root\nper_listener_settings true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 1800\nmax_queued_messages 0\n"
            f"max_inflight_messages {IN_FLIGHT}\nlog_dest none\n"
            f"listener {self.ports[0]} 127.0.0.1\nallow_anonymous true\n"
            f"acl_file {folder}/devices.acl\n"
            f"listener {self.ports[1]} 127.0.0.1\nallow_anonymous true\n"
            f"acl_file {folder}/gateway.acl\n"
        )
        self.clients = []
        self.start()

    def start(self):
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        self.process = subprocess.Popen(
            [program, "-c", str(self.folder / "mosquitto.conf")], stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + DEADLINE_S
        for port in self.ports:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    assert time.monotonic() < end, "mosquitto does not start"

    def come(self, name, gateway):
        connection = socket.create_connection(("127.0.0.1", self.ports[gateway]), DEADLINE_S)
        client = Client(self, name, connection)
        self.clients.append(client)
        return client

    def put(self, client, data):
        client.connection.sendall(data)

    def cut(self, client):
        client.connection.close()
        self.clients.remove(client)

    def settle(self):
        """Everything that was said has had its effect: each is asked, twice, whether it hears."""
        for client in [*self.clients, *self.clients]:
            self._until_it_answers(client)

    def _until_it_answers(self, client):
        if client.closed:
            return
        try:
            self.put(client, encode(Ping()))
            while Ping(answer=True) not in client.arrived:
                data = client.connection.recv(65536)
                if not data:
                    client.closed = True
                    return
                client.fed(data)
            client.arrived.remove(Ping(answer=True))
        except (ConnectionResetError, BrokenPipeError):
            client.closed = True

    def end_the_process(self, *, wiped):
        self.process.kill()
        self.process.wait()
        for client in list(self.clients):
            self.cut(client)
            client.closed = True
        if wiped:
            (self.folder / "mosquitto.db").unlink(missing_ok=True)
        self.start()

    def close(self):
        for client in list(self.clients):
            self.cut(client)
        self.process.kill()
        self.process.wait()


def press(device="aa0000000001", what=b"press", id_=1):
    """An alarm as a device sends it."""
    return Publish(f"doorknock/1/{device}/alarm", what, 1, id_)
