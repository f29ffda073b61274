#!/bin/sh
# shots.sh: make the pictures of the HTML report anew, from sample runs.
# Needs go and a headless Chromium (CHROMIUM names it, if it is not on PATH); with
# pngquant the pictures become a third of the size.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT

browser=${CHROMIUM:-}
for name in chromium chromium-browser google-chrome; do
	[ -n "$browser" ] && break
	browser=$(command -v "$name" || true)
done
if [ -z "$browser" ]; then
	echo "shots.sh: no Chromium; install it or set CHROMIUM" >&2
	exit 1
fi

# shot PAGE PICTURE WIDTH HEIGHT [OPTION]: the browser may only run without its
# sandbox when root runs it; the pages are our own.
shot() {
	page=$1 picture=$2 width=$3 height=$4
	shift 4
	"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
		--user-data-dir="$pages/profile" --window-size="$width,$height" \
		--screenshot="$here/$picture.png" "$@" "file://$pages/$page.html" >"$pages/browser.log" 2>&1 || {
		cat "$pages/browser.log" >&2
		exit 1
	}
}

for run in green red many; do
	(cd "$here/../.." && go run ./cmd/galley report "report/internal/sample/$run.ndjson" --html "$pages/$run.html")
done
shot green report-green 1000 900
shot red report-red 1000 2050
shot red report-red-dark 1000 2050 --blink-settings=preferredColorScheme=0
shot many report-many 1000 1700
# A headless window is at least 500 wide, so the phone is a frame in one.
cat >"$pages/phone.html" <<'PAGE'
<!DOCTYPE html>
<style>body { margin: 0 } iframe { border: 0; width: 390px; height: 2500px }</style>
<iframe src="red.html"></iframe>
PAGE
shot phone report-red-phone 390 2500
if command -v pngquant >/dev/null; then
	pngquant --force --ext .png --skip-if-larger 64 "$here"/report-*.png
fi
