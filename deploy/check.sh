#!/usr/bin/env bash
# Checks what is in this folder without Docker: the Dockerfile and the compose file are read as Docker
# would, the configuration as the program does, and the program is run as in the image: its two files
# alone in a folder that is not writable, as a user without rights, on an empty data folder.
# What it cannot show is that the base images are there and hold what they say.
set -euo pipefail
cd "$(dirname "$0")/.."
go run -C .ci/deploycheck . "$PWD"

TRIBUTARY_CLICKHOUSE_DSN=clickhouse://tributary:secret@clickhouse:9000/tributary \
	bin/tributary config check deploy/tributary.yaml

image=$(mktemp -d)
server=
cleanup() {
	if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
	wait 2>/dev/null || true
	rm -rf "$image"
}
trap cleanup EXIT
mkdir -p "$image/opt/tributary" "$image/data" "$image/ledger"
cp bin/tributary "$image/opt/tributary/tributary"
ln node_modules/@chdb/lib-linux-x64-gnu/libchdb.so "$image/opt/tributary/libchdb.so" 2>/dev/null ||
	cp node_modules/@chdb/lib-linux-x64-gnu/libchdb.so "$image/opt/tributary/libchdb.so"
nobody=()
if [ "$(id -u)" = 0 ]; then
	chmod 0755 "$image" "$image/opt" "$image/opt/tributary"
	chown 65532:65532 "$image/data" "$image/ledger"
	nobody=(setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set=-all)
fi
# Replaces the shell it is called in.
become() {
	cd "$image/data"
	exec env -i PATH=/usr/bin:/bin TRIBUTARY_DATA_DIR="$image/data" TRIBUTARY_PRIVACY_LEDGER="$image/ledger/erasures" TRIBUTARY_HTTP_LISTEN="127.0.0.1:$port" \
		"${nobody[@]}" "$image/opt/tributary/tributary" "$@"
}
port=$((20000 + RANDOM % 20000))
become serve 2>"$image/log" &
server=$!
for _ in $(seq 120); do
	if (become ready) >/dev/null 2>&1; then break; fi
	if ! kill -0 "$server" 2>/dev/null; then
		cat "$image/log" >&2
		exit 1
	fi
	sleep 0.5
done
(become ready)
key=$(become keys create --kind write --source web --quiet)
curl -sf -u "$key:" "http://127.0.0.1:$port/v1/track" -H 'Content-Type: application/json' \
	-d '{"userId":"u-1","event":"order.placed","properties":{"order_id":"o-1"}}'
echo
kill "$server"
wait "$server" || { status=$?; cat "$image/log"; exit $status; }
server=
echo "deploy: the program runs from the image's files as a user without rights"
