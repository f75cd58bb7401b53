# Sourced by the scripts that test c47 with real services: directories, checks, and a Kitsu server. The
# current directory of the sourcing script is that of the project.

# begin NAME [PATH-OF-C47]: uses the given binary, else $C47_TEST_RELEASE, else the last one built by
# scripts/package.
begin() {
    script=$1
    c47=${2:-${C47_TEST_RELEASE:-$(ls -t target/package/c47-*-x86_64-linux-musl/bin/c47 2>/dev/null | head -1)}}
    if [ ! -x "$c47" ]; then
        echo "$script: binary ${c47:-in target/package} not found; run scripts/package" >&2
        exit 1
    fi
    c47=$(readlink -f "$c47")
    base=$PWD/target/services
    work=$base/run-${script##*/}
    rm -rf "$work"
    mkdir -p "$work"
    # PostgreSQL does not run as root, and needs access to its directory.
    data=$(mktemp -d /tmp/c47-services.XXXXXX)
    log=$work/log
    failures=0
    started=()
    pg=
    trap clean_up EXIT
    : >"$log.install"
    export C47_CACHE_DIR=$work/cache C47_CONFIG_PATH=$work/config.toml
    export -n C47_REQUIRE_PEERS
    : >"$C47_CONFIG_PATH"
}

clean_up() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    [ -f "$data/pg/postmaster.pid" ] && as_postgres "$pg/pg_ctl" -D "$data/pg" -m immediate stop >/dev/null 2>&1
    rm -rf "$data"
}

# finish: exits with 0 if all checks passed.
finish() {
    if [ "$failures" != 0 ]; then
        echo "$script: $failures failed (logs in ${work#"$PWD/"})" >&2
        exit 1
    fi
    echo "$script: all checks passed"
}

skip() {
    echo "SKIPPED ${script##*/}: $1" >&2
    if [ "${CI:-}" = true ] || [ "${C47_REQUIRE_PEERS:-}" = 1 ]; then failures=$((failures + 1)); fi
}

# check WHAT EXPECTED FOUND
check() {
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1: expected '$2', found '$3'" >&2
        failures=$((failures + 1))
    fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until a URL responds with anything.
await() {
    for _ in $(seq 300); do
        "$c47" http --timeout 2s "$1" >/dev/null 2>&1
        case $? in 0 | 3 | 4 | 5) return 0 ;; esac
        sleep 0.1
    done
    return 1
}

as_postgres() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# install_kitsu: zou in target/services, PostgreSQL and Redis from the distribution.
install_kitsu() {
    local wanted=() directory
    command -v redis-server >/dev/null 2>&1 || wanted+=(redis-server)
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
    [ ${#wanted[@]} = 0 ] || apt_install "$log.install" "${wanted[@]}" || true
    [ -x "$base/kitsu/bin/zou" ] || {
        python3 -m venv "$base/kitsu" \
            && "$base/kitsu/bin/pip" install -q --disable-pip-version-check zou==1.0.97
    } >>"$log.install" 2>&1 || true
    for directory in /usr/lib/postgresql/*/bin; do [ -x "$directory/initdb" ] && pg=$directory; done
    [ -n "$pg" ] && [ -x "$base/kitsu/bin/zou" ] && command -v redis-server >/dev/null 2>&1
}

# prepare_kitsu: creates its databases and the user admin@example.com with the password
# correct-horse-battery.
prepare_kitsu() {
    local redis_port pg_port
    redis_port=$(free_port)
    pg_port=$(free_port)
    kitsu_port=$(free_port)
    [ "$(id -u)" = 0 ] && chown postgres "$data"
    as_postgres "$pg/initdb" -D "$data/pg" -U zou -A trust >>"$log.pg" 2>&1
    as_postgres "$pg/pg_ctl" -D "$data/pg" -w -l "$data/pg.log" \
        -o "-c listen_addresses=127.0.0.1 -c port=$pg_port -c unix_socket_directories=$data -c fsync=off -c max_connections=300" start >>"$log.pg" 2>&1
    redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --dir "$work" >>"$log.redis" 2>&1 &
    started+=($!)
    export DB_HOST=127.0.0.1 DB_PORT=$pg_port DB_USERNAME=zou DB_PASSWORD='' DB_DATABASE=zoudb DB_POOL_SIZE=20
    export KV_HOST=127.0.0.1 KV_PORT=$redis_port SECRET_KEY=0123456789abcdef0123456789abcdef PREVIEW_FOLDER=$work/previews
    as_postgres "$pg/createdb" -h "$data" -p "$pg_port" -U zou zoudb >>"$log.pg" 2>&1
    {
        "$base/kitsu/bin/zou" init-db
        "$base/kitsu/bin/zou" create-admin admin@example.com --password correct-horse-battery
    } >>"$log.kitsu" 2>&1
    cat >"$work/app.py" <<'PY'
import datetime
import os

from zou.app import app

seconds = int(os.environ["TOKEN_SECONDS"])
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = datetime.timedelta(seconds=seconds)
PY
}

# start_kitsu TOKEN-SECONDS: starts it on $kitsu_port; fails if it does not start.
start_kitsu() {
    HOME=$work TOKEN_SECONDS=$1 PYTHONPATH=$work "$base/kitsu/bin/gunicorn" -w 2 -k gevent \
        -b "127.0.0.1:$kitsu_port" --access-logfile "$work/access" app:app >>"$log.kitsu" 2>&1 &
    kitsu=$!
    started+=("$kitsu")
    await "http://127.0.0.1:$kitsu_port/"
}
