#!/bin/sh
# Installs a bundle where there is no network, not even a loopback that is up, and asks it a question. Linux.
#   deploy/try_bundle.sh ARCHIVE.tar [SCRATCH]      (make bundle-try)
# As root it makes a network namespace; anybody else gets one with a user namespace, where the system allows it.
set -eu

if [ -z "${TRYING_INSIDE:-}" ]; then
    archive=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
    if [ "$(id -u)" = 0 ]; then spaces=--net; else spaces="--net --map-root-user"; fi
    # shellcheck disable=SC2086
    TRYING_INSIDE=1 exec unshare $spaces "$0" "$archive" "${2:-${TMPDIR:-/tmp}}"
fi

up=$(grep -lv down /sys/class/net/*/operstate 2>/dev/null || true)
routes=$(tail -n +2 /proc/net/route)
[ -z "$routes" ] || { echo "there is a route: $routes $up" >&2; exit 1; }

scratch=$(mktemp -d "$2/wenju-try-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export HOME="$scratch/home" XDG_CACHE_HOME="$scratch/home/.cache" XDG_CONFIG_HOME="$scratch/home/.config"
for name in $(env | sed -n "s/^\(WENJU_[A-Z_]*\)=.*/\1/p") PYTHONPATH VIRTUAL_ENV TRYING_INSIDE; do unset "$name"; done
mkdir "$HOME"
cd "$scratch"
began=$(date +%s)
tar -xf "$1"
./wenju-*/install.sh "$scratch/here"
echo "installed after $(($(date +%s) - began)) s; $(du -sh "$scratch/here" | cut -f1) in place"
"$scratch/here/wenju" doctor --offline
"$scratch/here/wenju" ask 牛海梅担任什么职务？ | tee "$scratch/answer"
grep -q 副书记 "$scratch/answer"
echo "bundle: all right without a network"
