#!/bin/sh
# A Wi-Fi for the devices alone, from the gateway's own aerial. From it nothing but this computer
# can be reached: it hands out addresses, but no way on, and devices do not hear one another.
#
#   sudo sh install/access-point.sh [NAME]   make it, or make it again with the name and password kept
#   sudo sh install/access-point.sh --show   its name and password, for setting up devices
#   sudo sh install/access-point.sh --remove take it away; name and password are kept
#
# Name and password lie in the data folder, so they are in every backup: a gateway brought back has
# the same Wi-Fi, and no device has to be visited. Exit 0 done, 1 failed, 2 wrong use.
set -eu
umask 077

root=${DOORKNOCK_ROOT:-}
data=$root/var/lib/doorknock/data
kept=$data/access-point
# Where `doorknock provision` keeps the network that devices join.
joined=$data/wifi.json
connection=doorknock-devices
keyfile=$root/etc/NetworkManager/system-connections/$connection.nmconnection
addresses=$root/etc/doorknock/addresses.conf
unit=$root/etc/systemd/system/doorknock-addresses.service
# Not 10.42.0.x, which NetworkManager's own hotspots take.
host=10.77.0.1

say() { echo "$*"; }
fail() {
    echo "$*" >&2
    exit 1
}
wrong_use() {
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "$0" >&2
    exit 2
}

# --- may it be? ---

# Sets `aerial` to the Wi-Fi interface.
find_aerial() {
    command -v nmcli >/dev/null || fail "There is no NetworkManager here (Raspberry Pi OS has it since 2023); use an access point of its own."
    aerial=$(nmcli -t -f DEVICE,TYPE device status | sed -n 's/^\([^:]*\):wifi$/\1/p' | head -n 1)
    [ -n "$aerial" ] || fail "This computer has no Wi-Fi; use an access point of its own."
    for radio in "$root"/sys/class/rfkill/*; do
        if [ "$(cat "$radio/type" 2>/dev/null)" = wlan ] && [ "$(cat "$radio/soft")" = 1 ]; then
            fail "The Wi-Fi is off until a country is chosen; run: sudo raspi-config nonint do_wifi_country ES (your country's two letters), then this again."
        fi
    done
    ways=$(ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u)
    [ "$ways" != "$aerial" ] || fail "This computer's own network comes by Wi-Fi; plug in the network cable, then run this again."
}

install_packages() {
    [ ! -x "$root/usr/sbin/dnsmasq" ] || return 0
    say "Installing dnsmasq-base …"
    apt-get update -qq || fail "The package lists cannot be read; see that this computer reaches the internet."
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dnsmasq-base \
        >/dev/null || fail "Could not install dnsmasq-base; run: sudo apt install dnsmasq-base"
}

# --- its name and password ---

value() { sed -n "s/^$1=//p" "$kept"; }

# private FILE TEXT: whole or not at all, for the gateway's user alone.
private() {
    printf '%s\n' "$2" >"$1.new"
    chown --reference="$data" "$1.new"
    mv "$1.new" "$1"
}

# Writes `kept` where there is none; another name is a new one, with the same password.
keep() {
    [ -d "$data" ] || fail "There is no gateway here yet; run: sudo sh install/install.sh"
    password=
    name=doorknock
    if [ -s "$kept" ]; then
        name=$(value name)
        password=$(value password)
    fi
    if [ -n "$wanted" ]; then name=$wanted; fi
    # Letters that nobody mistakes for another, of 57: 20 of them are 116 bits.
    while [ ${#password} -lt 20 ]; do
        some=$(head -c 64 /dev/urandom | LC_ALL=C tr -dc 'a-km-zA-HJ-NP-Z2-9')
        password=$(printf '%s%s' "$password" "$some" | cut -c1-20)
    done
    private "$kept" "$(printf 'name=%s\npassword=%s' "$name" "$password")"
    private "$joined" "{\"ssid\": \"$name\", \"key\": \"$password\", \"host\": \"$host\"}"
}

# --- what it is made of ---

write_files() {
    mkdir -p "$(dirname "$keyfile")" "$(dirname "$addresses")" "$(dirname "$unit")"
    # A file, so that the password stands on no command line. NetworkManager reads it only if it
    # is root's alone.
    cat >"$keyfile" <<END
[connection]
id=$connection
type=wifi
interface-name=$aerial
autoconnect=true
autoconnect-priority=100

[wifi]
mode=ap
band=bg
ssid=$(value name)
ap-isolation=1

[wifi-security]
key-mgmt=wpa-psk
proto=rsn;
pairwise=ccmp;
group=ccmp;
psk=$(value password)

[ipv4]
method=manual
address1=$host/24
never-default=true

[ipv6]
method=disabled
END
    chmod 600 "$keyfile"
    cat >"$addresses" <<END
# Written by install/access-point.sh. Addresses for the devices, and nothing else: no names, and no
# way on to other networks.
interface=$aerial
bind-dynamic
except-interface=lo
port=0
dhcp-authoritative
dhcp-range=10.77.0.10,10.77.0.250,255.255.255.0,24h
dhcp-option=option:router
dhcp-option=option:dns-server
dhcp-leasefile=/var/lib/doorknock-addresses/leases
END
    cat >"$unit" <<END
# Written by install/access-point.sh.
[Unit]
Description=Addresses for the Doorknock devices on the gateway's own Wi-Fi
After=NetworkManager.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/etc/doorknock/addresses.conf
Restart=always
RestartSec=2
StateDirectory=doorknock-addresses
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
END
    chmod 644 "$addresses" "$unit"
}

# --- what is asked for ---

make() {
    find_aerial
    install_packages
    keep
    write_files
    systemctl daemon-reload
    nmcli connection reload
    nmcli connection up "$connection" >/dev/null ||
        fail "The Wi-Fi does not come up; see: journalctl -u NetworkManager -n 30"
    systemctl enable --quiet doorknock-addresses
    systemctl restart doorknock-addresses ||
        fail "Devices get no addresses; see: journalctl -u doorknock-addresses -n 30"
    say "The devices' Wi-Fi is up: $(value name). From now on devices are set up for it (this gateway is $host there); those that are on another Wi-Fi stay on it."
    say "Its password: sudo sh install/access-point.sh --show"
    if [ "$(cat "$root/proc/sys/net/ipv4/ip_forward" 2>/dev/null)" = 1 ]; then
        say "But another program here has this computer pass packets on: from this Wi-Fi other networks may be reached. sudo doorknock doctor says the same."
    fi
}

show() {
    [ -s "$kept" ] || fail "There is no such Wi-Fi yet; run: sudo sh install/access-point.sh"
    cat "$kept"
    say "gateway=$host"
}

remove() {
    rm -f "$keyfile" "$addresses"
    if [ -e "$unit" ]; then systemctl disable --quiet --now doorknock-addresses || true; fi
    rm -f "$unit"
    systemctl daemon-reload
    if command -v nmcli >/dev/null; then nmcli connection reload || true; fi
    say "The devices' Wi-Fi is gone: devices that were on it reach nobody. Name and password are kept in $kept."
}

what=make
wanted=
while [ $# -gt 0 ]; do
    case "$1" in
    --show) what=show ;;
    --remove) what=remove ;;
    -* | '') wrong_use ;;
    *) wanted=$1 ;;
    esac
    shift
done
# What a keyfile and a device take as it stands.
case "$wanted" in *[!A-Za-z0-9._-]*) fail "A Wi-Fi's name has letters, digits, dots and hyphens here; choose such a one." ;; esac
[ ${#wanted} -le 32 ] || fail "A Wi-Fi's name has 32 letters at most; choose a shorter one."
[ "$(id -u)" = 0 ] || [ -n "$root" ] || fail "This changes the system; run: sudo sh $0"
$what
