# Sourced by the scripts that install packages of the distribution. They print the names of the
# packages to stderr before they install them as root.

may_be_root() {
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# apt_install LOG PACKAGE...
apt_install() {
    apt_log=$1
    shift
    command -v apt-get >/dev/null 2>&1 && may_be_root || return 1
    echo "${0##*/}: installing with apt-get as root: $*" >&2
    apt_once "$@" >>"$apt_log" 2>&1 \
        || { as_root apt-get update -qq >>"$apt_log" 2>&1 && apt_once "$@" >>"$apt_log" 2>&1; }
}

apt_once() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# dnf_install LOG PACKAGE...
dnf_install() {
    dnf_log=$1
    shift
    command -v dnf >/dev/null 2>&1 && may_be_root || return 1
    echo "${0##*/}: installing with dnf as root: $*" >&2
    as_root dnf install -y -q "$@" >>"$dnf_log" 2>&1
}
