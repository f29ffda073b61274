#!/usr/bin/env bash
# vuln.sh: asks govulncheck which known vulnerabilities galley can reach, and fails for those that docs/security.md does
# not review by their GO-… number. GOVULNDB is another database than https://vuln.go.dev.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${GOVULNCHECK_VERSION:?run it by make vuln}"
status=0
out=$(go run "golang.org/x/vuln/cmd/govulncheck@$GOVULNCHECK_VERSION" ${GOVULNDB:+-db "$GOVULNDB"} ./... 2>&1) || status=$?
found=$(grep -oE '^Vulnerability #[0-9]+: GO-[0-9-]+' <<< "$out" | grep -oE 'GO-[0-9-]+$' | sort -u) || true
if [ $status != 0 ] && [ -z "$found" ]; then
	echo "$out" >&2
	exit $status
fi
new=0
for id in $found; do
	if grep -q "$id" docs/security.md; then
		echo "$id: reviewed in docs/security.md"
	else
		echo "$id: NEW"
		new=1
	fi
done
if [ $new != 0 ]; then
	echo "$out"
	exit 1
fi
echo "no vulnerability that is not reviewed"
