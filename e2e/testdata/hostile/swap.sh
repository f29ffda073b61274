#!/bin/sh
# swap.sh CANARY DIR...: swap.sh makes what exchange makes, one step after the other.
canary=$1
shift
trap 'exit 0' TERM INT
while :; do
	for dir; do
		for name in data data/sub data/a tests a; do
			[ -e "$dir/$name" ] || continue
			mv "$dir/$name" "$dir/.was" 2> /dev/null && ln -s "$canary" "$dir/$name" 2> /dev/null
			rm -f "$dir/$name" 2> /dev/null
			mv "$dir/.was" "$dir/$name" 2> /dev/null
		done
	done
	rm -rf /res && ln -s "$canary/hooks" /res
	rm -f /res && mkdir -p /res/sub && echo evil > /res/pre-commit && ln -s ../../hooks /res/sub/up
done
