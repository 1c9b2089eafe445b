#!/usr/bin/env bash
# Runs all tests, after installing what they need and the machine lacks. Arguments go to `cargo test`.
#
# PostgreSQL and nats-server come from the system's packages. The tests start throw-away servers of
# their own on free ports; a server that runs already is neither used nor touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
has_postgres() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has_postgres || missing+=(postgresql)
command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || missing+=(nats-server)
command -v openssl >/dev/null || missing+=(openssl)
command -v cc >/dev/null || missing+=(build-essential)

if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    if ! command -v apt-get >/dev/null || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
        echo "Missing, and only root can install it: ${missing[*]} (apt-get install ${missing[*]})" >&2
        exit 1
    fi
    echo "Installing ${missing[*]} …"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# The benchmarks have none, and the attacks are run by tests/fire.rs.
packages=(--workspace --exclude twinfunnel-bench --exclude twinfunnel-fire)
case " $* " in *" -p "* | *" --package "*) packages=() ;; esac

exec cargo test --locked "${packages[@]}" "$@"
