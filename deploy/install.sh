#!/bin/sh
# Installs Wenju from the unpacked bundle that this script lies in. Needs no network and no rights of root.
#   ./install.sh [FOLDER]     FOLDER (default: ~/wenju) gets program, models, data and the command FOLDER/wenju
# PYTHON=/path/to/python names the interpreter. Run again with a newer bundle, it updates; documents stay.
set -eu

say() { printf '%s\n' "$*"; }
stop() { printf 'install: %s\n' "$*" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
interpreter=${PYTHON:-}
. "$here/bundle.env"
wanted=$PYTHON

mkdir -p "${1:-$HOME/wenju}"
target=$(cd "${1:-$HOME/wenju}" && pwd)

[ "$(uname -s)" = "$SYSTEM" ] && [ "$(uname -m)" = "$MACHINE" ] ||
    stop "this bundle is for $SYSTEM on $MACHINE; here is $(uname -s) on $(uname -m). Make one on a machine like this: make bundle"

say "checksums"
if command -v sha256sum >/dev/null; then
    (cd "$here" && sha256sum --check --quiet SHA256SUMS) || stop "the bundle is damaged; copy it again"
else
    (cd "$here" && shasum -a 256 --check --quiet SHA256SUMS) || stop "the bundle is damaged; copy it again"
fi

for candidate in "$interpreter" "python$wanted" python3; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
    found=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    [ "$found" = "$wanted" ] && python=$candidate && break
done
[ -n "${python:-}" ] || stop "Python $wanted is needed: the wheels are made for it. Install it, or set PYTHON=/path/to/python$wanted"

say "program: $target/env-$VERSION"
rm -rf "$target/env-$VERSION"
"$python" -m venv --without-pip "$target/env-$VERSION"
set -- "$here"/wheels/pip-*.whl
PIP_CONFIG_FILE=/dev/null "$target/env-$VERSION/bin/python" "$1/pip" --isolated --disable-pip-version-check install --quiet \
    --no-index --only-binary :all: --find-links "$here/wheels" --constraint "$here/constraints.txt" "wenju==$VERSION"

[ -e "$target/wenju.toml" ] || cat >"$target/wenju.toml" <<SETTINGS
# All settings: README of the program, or wenju doctor. Paths are relative to this file.
data = "data"
[models]
folder = "models"
sources = ["folder"]
SETTINGS
cat >"$target/wenju.new" <<COMMAND
#!/bin/sh
WENJU_CONFIG="\${WENJU_CONFIG:-$target/wenju.toml}" exec "$target/env-$VERSION/bin/wenju" "\$@"
COMMAND
chmod 755 "$target/wenju.new"
mv "$target/wenju.new" "$target/wenju"

say "models (converted once, a minute or two)"
"$target/wenju" models fetch --from "$here/models.tar"
if [ ! -e "$target/data/index/CURRENT" ]; then
    say "sample corpus"
    "$target/wenju" index add "$here/corpus"
fi
"$target/wenju" doctor --offline
say "Ready: $target/wenju serve"
