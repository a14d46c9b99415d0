#!/usr/bin/env bash
# Refuses a tag that is not on main, or that package.json and CHANGELOG.md do not speak of. All reasons at once.
# Usage: check-release.sh vX.Y.Z
set -euo pipefail
cd "$(dirname "$0")/.."
tag="$1"
version="${tag#v}"
failed=0

complain() {
  printf '%s\n' "$1" >&2
  failed=1
}

packaged="$(node --print 'require("./package.json").version')"
[[ "$packaged" == "$version" ]] || complain "package.json says $packaged; the tag says $version."
bash scripts/changelog-entry.sh "$tag" > /dev/null || failed=1
git merge-base --is-ancestor "$tag" origin/main || complain "$tag does not lie on main."
exit "$failed"
