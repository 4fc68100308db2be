"""The window: some minutes of Bluetooth in which somebody in the room may change the Wi-Fi. Pure.

It opens in two ways, and neither is a press that could have been a call:

    the power was switched on, and in 90 s no Wi-Fi was found (wifi.py)
    the gateway ordered it, and one tap in the room agreed while the light asked (afar.py)

In the first it takes a tap as well, and takes one only while somebody is connected and waits for
it: the light then asks as it does for any order. Two taps or a hold are a call as ever, and so is
each tap before and after. Whatever calls closes the window at once (app.py).
"""

from doorknock import clock, improv

# As long as it takes to go and fetch the phone.
LONELY_MS = 120000
# With somebody connected, until the tap.
UNAGREED_MS = 240000
# From the tap on, or where an attempt has failed: to find the password and type it.
AUTHORIZED_MS = 180000
IDENTIFY_MS = 10000
# The pieces of one packet follow one another at once.
_PIECE_MS = 5000
# Nobody who means it sends more nonsense than that.
_MOST_WRONG = 10


class Window:
    """Bytes, connections, taps and time in; what to show and say out.

    info: four texts for Improv's device info. fresh(n): n random bytes. outcome: of the last
    attempt, one of improv.OUTCOMES. authorised: a tap has agreed already.

    Transitions (state is Improv's):
      AUTHORIZATION_REQUIRED  one tap while somebody is connected    -> AUTHORIZED
      AUTHORIZED  settings that can be, sealed or over an encrypted
                  connection                                        -> PROVISIONING, `taken`, over
      any         its time is up, too much nonsense, close()        -> over

    state, error, result, challenge, outcome: what can be read. refused: how often `error` was set.
    taken: (SSID, password) or None. attempt: under which challenge, 0 for a phone's. over: nothing
    more is to come.
    """

    def __init__(self, secret, info, fresh, outcome: str, authorised: bool, now: int) -> None:
        self._secret = secret
        self._info = info
        self._fresh = fresh
        self._packets = improv.Packets()
        self._piece_at = now
        self._since = now
        self._lasts_ms = AUTHORIZED_MS if authorised else LONELY_MS
        self._identify_since = None
        self.refused = 0
        self.connected = False
        self.state = improv.AUTHORIZED if authorised else improv.AUTHORIZATION_REQUIRED
        self.error = improv.UNABLE_TO_CONNECT if outcome != "none" else improv.NO_ERROR
        self.outcome = outcome
        self.result = b""
        self.challenge = fresh(improv.CHALLENGE_BYTES)
        self.taken = None
        self.attempt = 0
        self.over = False

    # --- who is there ----------------------------------------------------------------------

    def came(self, now: int) -> None:
        """Somebody has connected."""
        self.connected = True
        self._packets.clear()
        if self.state == improv.AUTHORIZATION_REQUIRED and self._lasts_ms == LONELY_MS:
            self._lasts_ms = UNAGREED_MS

    def went(self) -> None:
        """They have gone."""
        self.connected = False
        self._packets.clear()

    @property
    def asks(self) -> bool:
        """Whether one tap would agree now."""
        return self.connected and self.state == improv.AUTHORIZATION_REQUIRED and not self.over

    def pressed(self, taps: int, held: bool, now: int) -> bool:
        """A press; whether it was meant for here."""
        if taps != 1 or held or not self.asks:
            return False
        self.state = improv.AUTHORIZED
        self.error = improv.NO_ERROR
        self._since, self._lasts_ms = now, AUTHORIZED_MS
        return True

    def close(self) -> None:
        """No more of it: a call goes before."""
        self._packets.clear()
        self.over = True

    def tick(self, now: int) -> None:
        """What happens by the clock alone."""
        if clock.since(now, self._since) >= self._lasts_ms:
            self.close()
        if self._packets.begun and clock.since(now, self._piece_at) >= _PIECE_MS:
            self._packets.clear()
            self._refuse(improv.INVALID_RPC)
        since = self._identify_since
        if since is not None and clock.since(now, since) >= IDENTIFY_MS:
            self._identify_since = None

    @property
    def showing(self) -> str:
        """The light that it would like."""
        if self.asks:
            return "agree"
        return "bluetooth" if self._identify_since is None else "identify"

    # --- what is said ----------------------------------------------------------------------

    def command(self, piece, encrypted: bool, now: int) -> None:
        """Bytes of Improv commands, in any split. encrypted: whether nobody else could read them.

        What each has come to is in `error`, `result` and `state`.
        """
        if self.over:
            return
        if self._packets.begun and clock.since(now, self._piece_at) >= _PIECE_MS:
            self._packets.clear()
        self._piece_at = now
        for one in self._packets.feed(piece):
            if one is None:
                self._refuse(improv.INVALID_RPC)
            else:
                self._obey(one[0], one[1], encrypted, now)
            if self.over:
                return

    def sealed(self, message, now: int) -> None:
        """Sealed Wi-Fi settings, whole."""
        if self.over:
            return
        found = improv.unseal(self._secret, self.challenge, bytes(message))
        attempt = improv.attempt_of(self.challenge)
        # Each challenge is for one attempt.
        self.challenge = self._fresh(improv.CHALLENGE_BYTES)
        if found is None:
            self._refuse(improv.INVALID_RPC)
        else:
            self._take(found, attempt)

    def _obey(self, command: int, data: bytes, encrypted: bool, now: int) -> None:
        if command == improv.SEND_WIFI:
            found = improv.read_wifi(data)
            if found is None:
                self._refuse(improv.INVALID_RPC)
            elif encrypted:
                self._take(found, 0)
            else:
                self._refuse(improv.NOT_AUTHORIZED)
        elif data or command not in (improv.IDENTIFY, improv.DEVICE_INFO):
            self._refuse(improv.INVALID_RPC if data else improv.UNKNOWN_RPC)
        elif command == improv.IDENTIFY:
            self.error = improv.NO_ERROR
            self._identify_since = now
        else:
            self.error = improv.NO_ERROR
            self.result = improv.packet(command, improv.strings(*self._info))

    def _take(self, found: tuple, attempt: int) -> None:
        if self.state != improv.AUTHORIZED:
            self._refuse(improv.NOT_AUTHORIZED)
            return
        self.error = improv.NO_ERROR
        self.state = improv.PROVISIONING
        self.taken = found
        self.attempt = attempt
        self.over = True

    def _refuse(self, error: int) -> None:
        self.error = error
        self.refused += 1
        if self.refused >= _MOST_WRONG:
            self.close()
