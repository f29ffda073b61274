# shellcheck shell=bash
# Part of engines.sh: one store of images behind two ports, one of which asks for a password.

REGISTRY_USER=tester
# shellcheck disable=SC2034 # engines.sh env prints it
REGISTRY_PASSWORD=secret
# shellcheck disable=SC2016 # bcrypt of REGISTRY_PASSWORD: what the registry wants, and openssl cannot make
REGISTRY_HTPASSWD='$2y$05$OvWtbJsmgbmEjE5aQEYi0ud2IlkDBxNbWwvl18dXfUOP8t4OIW8du'

up_registry() {
	local d=$ENGINES_DIR/registry program port auth i code
	program=$(find_tool docker-registry)
	mkdir -p "$d/data"
	echo "$REGISTRY_USER:$REGISTRY_HTPASSWD" > "$d/htpasswd"
	for port in "$REGISTRY_PORT" "$REGISTRY_AUTH_PORT"; do
		if live_pid "$d/$port.pid" > /dev/null; then continue; fi
		auth=''
		[ "$port" = "$REGISTRY_PORT" ] || auth="auth: { htpasswd: { realm: galley-test, path: $d/htpasswd } }"
		cat > "$d/$port.yml" <<-END
			version: 0.1
			log: { level: warn, accesslog: { disabled: true } }
			storage: { filesystem: { rootdirectory: $d/data }, delete: { enabled: true } }
			http: { addr: "127.0.0.1:$port" }
			$auth
		END
		# -i: the program takes every REGISTRY_* variable for a setting
		env -i PATH="$PATH" setsid "$program" serve "$d/$port.yml" < /dev/null > "$d/$port.log" 2>&1 &
		write_pid "$d/$port.pid" $!
		for ((i = 0; i < 200; i++)); do
			live_pid "$d/$port.pid" > /dev/null || unavailable registry "it does not start: $(last_words "$d/$port.log")"
			code=$(curl -s -m 2 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/v2/") || true
			case $code in 200 | 401) break ;; esac
			sleep 0.05
		done
	done
}

stop_registry() {
	local f
	for f in "$ENGINES_DIR"/registry/*.pid; do
		[ ! -e "$f" ] || stop_pidfile "$f"
	done
}
