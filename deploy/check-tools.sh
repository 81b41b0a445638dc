#!/usr/bin/env bash
# Says which of the needed tools is missing or too old, and how to install it.
set -u
fault=0
need() { # name, found version (may be empty), least major.minor, how to install
	if [ -z "$2" ]; then
		echo "missing: $1 $3 or newer. $4" >&2
		fault=1
	elif [ "$(printf '%s\n%s\n' "$3" "$2" | sort -V | head -n 1)" != "$3" ]; then
		echo "too old: $1 $2 found, $3 or newer needed. $4" >&2
		fault=1
	fi
}
need "Go" "$(${GO:-go} env GOVERSION 2>/dev/null | sed 's/^go//')" 1.26 \
	"Install it from https://go.dev/doc/install (Debian's own package is older)."
need "Node.js" "$(node --version 2>/dev/null | sed 's/^v//')" 20.0 \
	"Install it from https://nodejs.org/en/download (it fetches the database engine)."
need "npm" "$(${NPM:-npm} --version 2>/dev/null)" 9.0 \
	"It comes with Node.js; on Debian: apt-get install npm."
exit $fault
