# shellcheck shell=bash
# The Debian packages that building and running need; sourced by the scripts.

# shellcheck disable=SC2034  # used by those who source this
FLEET_BUILD_PACKAGES=(
    build-essential pkg-config librdkafka-dev libsimdjson-dev libmicrohttpd-dev libmimalloc-dev libcurl4-openssl-dev libxml2-dev libcld2-dev
)
# shellcheck disable=SC2034
FLEET_TEST_PACKAGES=(kcat python3 python3-venv util-linux)
