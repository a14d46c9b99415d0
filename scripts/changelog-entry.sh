#!/usr/bin/env bash
# Prints what CHANGELOG.md says of one version; fails when that is nothing.
# Usage: changelog-entry.sh vX.Y.Z
set -euo pipefail
cd "$(dirname "$0")/.."
version="${1#v}"
entry="$(awk -v version="$version" '
  inside && $1 == "##" { exit }
  $1 == "##" && $2 == version { inside = 1; next }
  inside
' CHANGELOG.md)"
if [[ -z "${entry//[[:space:]]/}" ]]; then
  printf 'CHANGELOG.md has no entry for %s.\n' "$version" >&2
  exit 1
fi
printf '%s\n' "$entry"
