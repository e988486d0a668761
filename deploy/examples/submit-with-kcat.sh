#!/usr/bin/env bash
# Submits one request with kcat and prints its reply: the contract needs nothing but a Kafka client and JSON.
#
#   submit-with-kcat.sh [ORCHESTRATOR [KWARGS [KEY]]]
#   submit-with-kcat.sh fallback_autonomous '{"url": "file:///samples/transport-policy.txt", "depth": "standard"}' city-desk
#
# Environment: FLEET_BOOTSTRAP_SERVERS (localhost:9092), FLEET_TOPIC_PREFIX (none), LAYER (domain), TENANT (acme), TIMEOUT in seconds (60).
set -euo pipefail

orchestrator="${1:-echo}" key="${3:-}"
kwargs="${2:-"{}"}"
servers="${FLEET_BOOTSTRAP_SERVERS:-localhost:9092}" prefix="${FLEET_TOPIC_PREFIX:-}" layer="${LAYER:-domain}" timeout="${TIMEOUT:-60}"
requests="${prefix}orchestration.requests.$layer" results="${prefix}orchestration.results.$layer"
id="$(cat /proc/sys/kernel/random/uuid)"
command -v kcat >/dev/null || { echo "kcat is not installed (Debian package: kcat)" >&2; exit 1; }

headers=(-H ce_specversion=1.0 -H "ce_id=$id" -H ce_type=orchestration.request.v1 -H ce_source=/examples/kcat
    -H "ce_time=$(date -u +%Y-%m-%dT%H:%M:%SZ)" -H content-type=application/json
    -H "x-deadline-ms=$((($(date +%s) + timeout) * 1000))")
request="$(printf '{"orchestrator": "%s", "context": {"tenant_id": "%s"}, "kwargs": %s}' \
    "$orchestrator" "${TENANT:-acme}" "$kwargs" | tr -d '\n')"
printf '%s' "$request" | kcat -b "$servers" -P -t "$requests" -X acks=all -X message.timeout.ms=10000 ${key:+-k "$key"} "${headers[@]}"
echo "submitted $id" >&2

# Reads the last 10,000 results of each partition and what follows, until the record whose cause is the request has come. (Not from a time on:
# the embedded broker of fleet dev does not look offsets up by time.)
exec 3< <(exec kcat -b "$servers" -C -q -u -t "$results" -o -10000 -X fetch.wait.max.ms=50 \
    -X isolation.level=read_committed -f '%h\t%s\n')
reader=$!
trap 'kill "$reader" 2>/dev/null || true' EXIT
while ((SECONDS < timeout)) && IFS= read -r -t "$((timeout - SECONDS))" record <&3; do
    if [[ ",${record%%$'\t'*}," == *",ce_causationid=$id,"* ]]; then
        printf '%s\n' "${record#*$'\t'}"
        exit 0
    fi
done
echo "no reply to $id in $timeout s; is a $layer worker running?" >&2
exit 1
