#!/bin/sh
# Installs a gateway on Raspberry Pi OS or Debian, or brings one to this version.
#
#   sudo sh install/install.sh                  install, or upgrade; roll back if it does not work
#   sudo sh install/install.sh --boards         and what makes boards ready: flash, provision, label
#   sudo sh install/install.sh --access-point   and a Wi-Fi for the devices alone (access-point.sh)
#   sudo sh install/install.sh --wheels FOLDER  the same, without the internet
#   sudo sh install/install.sh --roll-back      the version before this one
#   sudo sh install/install.sh --uninstall      remove it; configuration and data stay
#   sudo sh install/install.sh --uninstall --and-data
#
# Each version is a virtual environment of its own, /opt/doorknock/versions/N; `current` points to
# the one in use, `previous` to the one before. Exit 0 done, 1 failed (all is as before), 2 wrong use.
set -eu
# Whatever root's own umask is, the gateway's user must be able to read the program.
umask 022

here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
# For tests of the steps: everything below another folder.
root=${DOORKNOCK_ROOT:-}
opt=$root/opt/doorknock
etc=$root/etc/doorknock
var=$root/var/lib/doorknock
unit=$root/etc/systemd/system/doorknock.service
command=$root/usr/local/bin/doorknock
# A Raspberry Pi 3 takes 20 s from start to its first answer.
patience_s=${DOORKNOCK_PATIENCE_S:-90}

say() { echo "$*"; }
fail() {
    echo "$*" >&2
    exit 1
}
wrong_use() {
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "$0" >&2
    exit 2
}
with_systemd() { [ -d "$root/run/systemd/system" ]; }

# --- what the system needs ---

install_packages() {
    missing=
    [ -x "$root/usr/sbin/mosquitto" ] || missing="$missing mosquitto"
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
    [ -n "$missing" ] || return 0
    say "Installing$missing …"
    apt-get update -qq || fail "The package lists cannot be read; see that this computer reaches the internet."
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
        >/dev/null || fail "Could not install$missing; run: sudo apt install$missing"
    # Debian starts a broker of its own, which would hold our ports. The gateway starts its own.
    case "$missing" in
    *mosquitto*) if with_systemd; then systemctl disable --now mosquitto >/dev/null 2>&1 || true; fi ;;
    esac
}

make_user() {
    id doorknock >/dev/null 2>&1 ||
        useradd --system --user-group --home-dir /var/lib/doorknock --no-create-home \
            --shell /usr/sbin/nologin doorknock
    # To flash and set up boards by USB.
    if getent group dialout >/dev/null; then usermod -a -G dialout doorknock; fi
    # To change a device's Wi-Fi by Bluetooth; the group comes with Debian's bluez.
    if getent group bluetooth >/dev/null; then usermod -a -G bluetooth doorknock; fi
}

make_folders() {
    mkdir -p "$opt/versions" "$etc" "$var" "$(dirname "$unit")" "$(dirname "$command")"
    chown doorknock:doorknock "$var"
    chmod 750 "$var" "$etc"
    chown root:doorknock "$etc"
    [ ! -e "$etc/gateway.toml" ] || return 0
    address=$(hostname -I 2>/dev/null | cut -d' ' -f1)
    # Debian 13 and what follows it have no /etc/timezone any more.
    zone=$(readlink "$root/etc/localtime" 2>/dev/null | sed -n 's|.*/zoneinfo/||p')
    if [ -z "$zone" ]; then zone=$(cat "$root/etc/timezone" 2>/dev/null || true); fi
    if [ -z "$zone" ]; then zone=UTC; fi
    sed -e "s|@ADDRESS@|${address:-127.0.0.1}|" -e "s|@TIME_ZONE@|$zone|" "$here/gateway.toml" \
        >"$etc/gateway.toml.new"
    chmod 640 "$etc/gateway.toml.new"
    chown root:doorknock "$etc/gateway.toml.new"
    mv "$etc/gateway.toml.new" "$etc/gateway.toml"
}

# --- a version ---

# Sets `fresh` to the folder of the new version.
build_version() {
    number=1
    while [ -e "$opt/versions/$number" ]; do number=$((number + 1)); done
    fresh=$opt/versions/$number
    trap 'rm -rf "$fresh"' EXIT
    trap 'exit 1' INT TERM
    say "Building the new version in $fresh (some minutes on a Raspberry Pi) …"
    python3 -m venv "$fresh" || fail "Python cannot make a virtual environment here; nothing was changed."
    if [ -n "$wheels" ]; then
        "$fresh/bin/pip" install --quiet --disable-pip-version-check --no-index \
            --find-links "$wheels" "doorknock$extras" ||
            fail "$wheels lacks something that the gateway needs; nothing was changed."
    else
        "$fresh/bin/pip" install --quiet --disable-pip-version-check "$project$extras" ||
            fail "What the gateway needs could not be fetched; see that this computer reaches the internet. Nothing was changed."
    fi
    "$fresh/bin/doorknock" --help >/dev/null || fail "The new version does not start; nothing was changed."
    trap - EXIT INT TERM
}

point() { # point NAME FOLDER: in one step, so that there is always one
    ln -sfn "$2" "$opt/$1.new"
    mv -T "$opt/$1.new" "$opt/$1"
}

write_unit() {
    cp "$here/doorknock.service" "$unit.new"
    chmod 644 "$unit.new"
    mv "$unit.new" "$unit"
    cp "$here/doorknock" "$command.new"
    chmod 755 "$command.new"
    mv "$command.new" "$command"
    if with_systemd; then systemctl daemon-reload; fi
}

start() { if with_systemd; then systemctl enable --quiet doorknock && systemctl restart doorknock; fi; }
stop() { if with_systemd; then systemctl stop doorknock 2>/dev/null || true; fi; }

# What the doctor finds wrong, a name a line.
wrong_now() {
    runuser -u doorknock -- env "DOORKNOCK_CONFIG=$etc/gateway.toml" \
        "$opt/current/bin/doorknock" doctor --json 2>/dev/null >"$opt/doctor.out" || true
    if ! grep -q '"summary"' "$opt/doctor.out"; then echo "the doctor itself"; fi
    sed -n 's/^{"check": "\([^"]*\)", "mark": "wrong".*/\1/p' "$opt/doctor.out" | sort -u
    rm -f "$opt/doctor.out"
}

# Whether something is wrong that was not in the file $1; waits for a gateway that is starting.
worse_than() {
    waited=0
    while :; do
        wrong_now >"$opt/after"
        new=$(comm -13 "$1" "$opt/after")
        [ -n "$new" ] || { rm -f "$opt/after"; return 1; }
        [ "$waited" -lt "$patience_s" ] || break
        sleep 3
        waited=$((waited + 3))
    done
    rm -f "$opt/after"
    return 0
}

# The migrations that both stores are at: what an older version may not be able to read.
schema() {
    for store in gateway backend; do
        [ -f "$var/data/$store.db" ] || continue
        "$opt/current/bin/python" -c '
import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute("SELECT version_num FROM alembic_version").fetchone())
' "$var/data/$store.db" 2>/dev/null || true
    done
}

keep_data() {
    rm -rf "$var/data.before-upgrade"
    [ ! -d "$var/data" ] || cp -a "$var/data" "$var/data.before-upgrade"
    schema >"$opt/schema-before"
}

# back_to FOLDER: the version in FOLDER, and its stores where a newer one has changed their form.
back_to() {
    stop
    schema >"$opt/schema-now"
    if ! cmp -s "$opt/schema-before" "$opt/schema-now" && [ -d "$var/data.before-upgrade" ]; then
        rm -rf "$var/data.failed"
        mv "$var/data" "$var/data.failed"
        mv "$var/data.before-upgrade" "$var/data"
        say "The newer version had changed the stores: they are as before it. What came since is in $var/data.failed."
    fi
    rm -f "$opt/schema-now"
    point current "$1"
    start
}

forget_old_versions() {
    now=$(readlink "$opt/current")
    for version in "$opt"/versions/*; do
        if [ "$version" != "$now" ] && [ "$version" != "$before" ]; then rm -rf "$version"; fi
    done
}

# --- what is asked for ---

install() {
    install_packages
    make_user
    make_folders
    # Once asked for, an upgrade brings it again.
    if [ "$boards" = yes ]; then echo '[provision]' >"$opt/extras"; fi
    # Bluetooth always: it changes a device's Wi-Fi where no cable reaches.
    case "$(cat "$opt/extras" 2>/dev/null || true)" in
    *provision*) extras='[bluetooth,provision]' ;;
    *) extras='[bluetooth]' ;;
    esac
    build_version
    before=$(readlink "$opt/current" 2>/dev/null || true)
    if [ -z "$before" ]; then
        point current "$fresh"
        write_unit
        start
        : >"$opt/nothing"
        if with_systemd; then worse_than "$opt/nothing" || true; fi
        rm -f "$opt/nothing"
        say "Installed. What is still to be done:"
        say ""
        "$command" doctor || true
        return 0
    fi
    wrong_now >"$opt/before"
    stop
    keep_data
    cp "$unit" "$opt/unit-before"
    point current "$fresh"
    write_unit
    start
    if with_systemd && worse_than "$opt/before"; then
        say "The new version does not work here ($(echo "$new" | tr '\n' ' ')); going back …"
        cp "$opt/unit-before" "$unit"
        systemctl daemon-reload
        back_to "$before"
        rm -rf "$fresh" "$opt/before" "$opt/unit-before"
        fail "The upgrade failed, and the version before it runs again."
    fi
    rm -f "$opt/before" "$opt/unit-before"
    point previous "$before"
    forget_old_versions
    say "Upgraded. The version before it is kept: sudo sh install/install.sh --roll-back"
}

roll_back() {
    before=$(readlink "$opt/previous" 2>/dev/null || true)
    if [ -z "$before" ] || [ ! -d "$before" ]; then fail "There is no version to go back to."; fi
    now=$(readlink "$opt/current")
    back_to "$before"
    point previous "$now"
    say "The version before it is in use again."
}

uninstall() {
    stop
    if with_systemd; then systemctl disable --quiet doorknock 2>/dev/null || true; fi
    if [ -e "$root/etc/systemd/system/doorknock-addresses.service" ]; then sh "$here/access-point.sh" --remove; fi
    rm -rf "$opt" "$unit" "$command"
    if with_systemd; then systemctl daemon-reload; fi
    if [ "$and_data" = yes ]; then
        rm -rf "$etc" "$var"
        if id doorknock >/dev/null 2>&1; then userdel doorknock; fi
        say "Removed, with configuration, keys and data."
    else
        say "Removed. Configuration ($etc) and data ($var) are kept; --uninstall --and-data removes them."
    fi
}

what=install
wheels=
and_data=no
boards=no
access_point=no
while [ $# -gt 0 ]; do
    case "$1" in
    --wheels)
        if [ $# -lt 2 ] || [ ! -d "$2" ]; then wrong_use; fi
        wheels=$2
        shift
        ;;
    --boards) boards=yes ;;
    --access-point) access_point=yes ;;
    --roll-back) what=roll_back ;;
    --uninstall) what=uninstall ;;
    --and-data) and_data=yes ;;
    *) wrong_use ;;
    esac
    shift
done
[ "$and_data" = no ] || [ "$what" = uninstall ] || wrong_use
[ "$access_point" = no ] || [ "$what" = install ] || wrong_use
[ "$(id -u)" = 0 ] || [ -n "$root" ] || fail "This changes the system; run: sudo sh $0"
$what
if [ "$access_point" = yes ]; then sh "$here/access-point.sh"; fi
