# shellcheck shell=bash
# Functions for the scripts of this repository; source it: . deploy/lib.sh
#
#   step TEXT, note TEXT, warn TEXT, die TEXT [CODE]   progress on standard error; colours only on a terminal
#   install_packages NAME…                              Debian packages, only those that are missing
#   need_swift                                          a Swift toolchain, 6.3 or newer
#   need_java                                           a Java runtime, 17 or newer
#   find_kafka                                          prints a KAFKA_HOME; downloads Apache Kafka when there is none
#
# Every function returns non-zero with one line of explanation when it cannot do its work; only die ends the script.

FLEET_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
KAFKA_VERSION="${KAFKA_VERSION:-4.1.0}"
KAFKA_SCALA_VERSION=2.13
KAFKA_ARCHIVE_URL=https://archive.apache.org/dist/kafka
KAFKA_CHECKSUM_URL=https://downloads.apache.org/kafka

if [[ -t 2 && -z "${NO_COLOR:-}" && "${TERM:-dumb}" != dumb ]]; then
    FLEET_BOLD=$'\e[1m' FLEET_YELLOW=$'\e[33m' FLEET_RED=$'\e[31m' FLEET_PLAIN=$'\e[0m'
else
    FLEET_BOLD='' FLEET_YELLOW='' FLEET_RED='' FLEET_PLAIN=''
fi

step() { printf '%s==> %s%s\n' "$FLEET_BOLD" "$*" "$FLEET_PLAIN" >&2; }
note() { printf '    %s\n' "$*" >&2; }
warn() { printf '%swarning: %s%s\n' "$FLEET_YELLOW" "$*" "$FLEET_PLAIN" >&2; }
die() {
    printf '%serror: %s%s\n' "$FLEET_RED" "$1" "$FLEET_PLAIN" >&2
    exit "${2:-1}"
}

# version_at_least HAVE WANT: compares dotted numbers.
version_at_least() {
    [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        warn "root is needed for '$*', and there is no sudo"
        return 1
    fi
}

# install_packages NAME…: installs the Debian packages of the list that are missing.
install_packages() {
    local name missing=()
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        warn "this is not a Debian system (no apt-get): install the equivalents of these packages yourself: $*"
        return 1
    fi
    for name in "$@"; do
        # shellcheck disable=SC2016  # the format is dpkg-query's own
        if [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" != installed ]]; then
            missing+=("$name")
        fi
    done
    if ((${#missing[@]} == 0)); then
        return 0
    fi
    step "Installing ${missing[*]}"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
        as_root apt-get update -qq >&2 || warn "the package lists could not be updated; trying with the old ones"
        if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >&2; then
            warn "these packages could not be installed: ${missing[*]}"
            return 1
        fi
    fi
}

# need_swift: succeeds when `swift` is a toolchain that can build the package.
need_swift() {
    local wanted=6.3 found
    if ! command -v swift >/dev/null 2>&1; then
        warn "no 'swift' on PATH: install Swift $wanted or newer (https://www.swift.org/install/linux/) and put its usr/bin on PATH"
        return 1
    fi
    found="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)"
    if [[ -z "$found" ]] || ! version_at_least "$found" "$wanted"; then
        warn "Swift $wanted or newer is needed, found ${found:-a 'swift' that does not tell its version} at $(command -v swift)"
        return 1
    fi
}

java_major() {
    # Release strings read 17.0.15, 21, or 1.8.0_402.
    "$1" -version 2>&1 | sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9][0-9]*\).*/\2/p' | head -n 1
}

# need_java: succeeds when a Java 17 runtime is there, installing Debian's when it is not. Kafka alone needs it.
need_java() {
    local java="${JAVA_HOME:+$JAVA_HOME/bin/}java" major
    if ! command -v "$java" >/dev/null 2>&1 || ! major="$(java_major "$java")" || [[ -z "$major" ]] || ((major < 17)); then
        if [[ -n "${JAVA_HOME:-}" ]]; then
            warn "JAVA_HOME=$JAVA_HOME is not a Java 17 or newer (found ${major:-none}); unset it or point it to one"
            return 1
        fi
        install_packages openjdk-17-jre-headless || return 1
        major="$(java_major java)"
        if [[ -z "$major" ]] || ((major < 17)); then
            warn "Kafka needs Java 17 or newer, and 'java' on PATH is ${major:-not usable}"
            return 1
        fi
    fi
}

# is_kafka DIRECTORY: whether it holds Apache Kafka's libraries.
is_kafka() {
    local jars
    jars=("$1"/libs/kafka_2.*.jar)
    [[ -r "${jars[0]}" ]]
}

# download_kafka DIRECTORY: fetches Apache Kafka and checks it against the SHA-512 that the Apache site publishes.
download_kafka() {
    local target="$1" name="kafka_$KAFKA_SCALA_VERSION-$KAFKA_VERSION" work expected actual reason url
    command -v curl >/dev/null 2>&1 || install_packages curl ca-certificates
    if ! command -v curl >/dev/null 2>&1; then
        warn "Kafka cannot be downloaded: there is no curl; set KAFKA_HOME to an unpacked Kafka 3.9 or 4.x"
        return 1
    fi
    mkdir -p "$target" || return 1
    work="$(mktemp -d "$target/download.XXXXXX")" || return 1
    step "Downloading Apache Kafka $KAFKA_VERSION (about 130 MB, once)"
    # Older releases leave the download site, so the archive's own copy of the checksum is the second choice; both are Apache's, over TLS.
    for url in "$KAFKA_CHECKSUM_URL" "$KAFKA_ARCHIVE_URL"; do
        if reason="$(fetch "$url/$KAFKA_VERSION/$name.tgz.sha512" "$work/sha512" 60)"; then
            break
        fi
    done
    if [[ -n "$reason" ]]; then
        rm -rf "$work"
        warn "Kafka cannot be downloaded ($reason); set KAFKA_HOME to an unpacked Kafka 3.9 or 4.x"
        return 1
    fi
    # Apache writes 'name: 0123 4567 …' over several lines: keep the digits after the colon.
    expected="$(tr -d ' \n' <"$work/sha512" | sed 's/^.*://' | tr '[:upper:]' '[:lower:]')"
    if [[ ! "$expected" =~ ^[0-9a-f]{128}$ ]]; then
        expected="$(grep -oiE '\b[0-9a-f]{128}\b' "$work/sha512" | head -n 1 | tr '[:upper:]' '[:lower:]')"
    fi
    if ! reason="$(fetch "$KAFKA_ARCHIVE_URL/$KAFKA_VERSION/$name.tgz" "$work/$name.tgz" 1200)"; then
        rm -rf "$work"
        warn "Kafka cannot be downloaded ($reason); set KAFKA_HOME to an unpacked Kafka 3.9 or 4.x"
        return 1
    fi
    actual="$(sha512sum "$work/$name.tgz" | cut -d ' ' -f 1)"
    if [[ ! "$expected" =~ ^[0-9a-f]{128}$ || "$actual" != "$expected" ]]; then
        rm -rf "$work"
        warn "the downloaded Kafka does not match its published SHA-512 and was deleted"
        return 1
    fi
    if ! tar -xzf "$work/$name.tgz" -C "$work" || ! is_kafka "$work/$name"; then
        rm -rf "$work"
        warn "the downloaded Kafka could not be unpacked"
        return 1
    fi
    # The rename makes the folder appear whole or not at all.
    rm -rf "${target:?}/$name"
    if ! mv "$work/$name" "$target/$name"; then
        rm -rf "$work"
        return 1
    fi
    rm -rf "$work"
}

# fetch URL FILE SECONDS: prints curl's reason on failure.
fetch() {
    local message
    if ! message="$(curl --proto '=https' --tlsv1.2 --fail --location --silent --show-error --connect-timeout 10 --max-time "$3" \
        --output "$2" "$1" 2>&1)"; then
        printf '%s' "${message:-curl failed}" | tr '\n' ' '
        return 1
    fi
}

# find_kafka: prints a KAFKA_HOME: the variable itself, ../shared/kafka beside the repository, an earlier download, or a new one.
find_kafka() {
    local cached="$FLEET_ROOT/.build/kafka/kafka_$KAFKA_SCALA_VERSION-$KAFKA_VERSION"
    if [[ -n "${KAFKA_HOME:-}" ]]; then
        if is_kafka "$KAFKA_HOME"; then
            printf '%s\n' "$KAFKA_HOME"
            return 0
        fi
        warn "KAFKA_HOME=$KAFKA_HOME has no libs/kafka_2.*.jar: point it to an unpacked Kafka 3.9 or 4.x, or unset it"
        return 1
    fi
    if is_kafka "$FLEET_ROOT/../shared/kafka"; then
        (cd "$FLEET_ROOT/../shared/kafka" && pwd)
    elif is_kafka "$cached" || download_kafka "$FLEET_ROOT/.build/kafka"; then
        printf '%s\n' "$cached"
    else
        return 1
    fi
}
