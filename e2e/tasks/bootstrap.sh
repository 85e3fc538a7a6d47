#!/bin/sh
# Checks what the machine must have and installs the npm packages, the pinned Node 24 among them.
# Prints the missing prerequisite first, with the way to get it.
set -eu
cd "$(dirname "$0")/../.."

missing() {
  printf 'missing: %s\n  get it: %s\n' "$1" "$2" >&2
  exit 2
}

command -v git >/dev/null 2>&1 || missing 'git' 'your package manager, for example: apt-get install git'
command -v node >/dev/null 2>&1 || missing 'node 20 or newer' 'https://nodejs.org/en/download'
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || missing "node 20 or newer (found $(node --version))" 'https://nodejs.org/en/download'
command -v npm >/dev/null 2>&1 || missing 'npm' 'it comes with Node: https://nodejs.org/en/download'
command -v go >/dev/null 2>&1 || missing 'go 1.26 or newer' 'https://go.dev/dl'
go_version=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
go_major=${go_version%%.*}
go_rest=${go_version#*.}
go_minor=${go_rest%%[!0-9]*}
if [ "$go_major" -lt 1 ] || { [ "$go_major" -eq 1 ] && [ "$go_minor" -lt 26 ]; }; then
  missing "go 1.26 or newer (found $go_version)" 'https://go.dev/dl'
fi

printf '%s\n' 'packages   npm ci (about half a minute)'
start=$(date +%s)
log=$(mktemp)
if ! npm ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1; then
  cat "$log" >&2
  rm -f "$log"
  printf '%s\n' 'npm ci failed: its output stands above' >&2
  exit 1
fi
rm -f "$log"
touch node_modules/.ready
printf 'packages   installed in %s s\n' "$(($(date +%s) - start))"
