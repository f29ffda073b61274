package contract_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// column is an engine in the table.
type column struct{ engine, title string }

func columns() []column {
	return []column{
		{"docker20", "Docker 20.10"}, {"docker26", "Docker 26.1"}, {"docker29", "Docker 29"},
		{"docker29-classic", "Docker 29, classic store"},
		{"docker-userns", "Docker, userns-remap"}, {"docker20-rootless", "Docker 20.10, rootless"},
		{"podman4", "Podman 4.3"}, {"podman4-rootless", "Podman 4.3, rootless"},
		{"podman5", "Podman 5.4"}, {"podman5-rootless", "Podman 5.4, rootless"},
		{"podman6", "Podman 6.0"}, {"podman6-rootless", "Podman 6.0, rootless"},
	}
}

// row is a feature in the table, in the words of kitchen.yml.
type row struct{ feature, words string }

// part is a table of its own.
type part struct {
	title string
	rows  []row
}

func parts() []part {
	return []part{
		{"Who and what runs", []row{
			{"env", "`env`"}, {"user", "`user: \"1000:1000\"`"}, {"user-by-name", "`user: nobody`"},
			{"group-add", "`group_add`"},
			{"working-dir", "`working_dir`"}, {"hostname", "`hostname`"}, {"hostname-with-domain", "`domainname`"},
			{"labels", "`labels`"},
			{"platform", "`platform`, that of the engine"}, {"tty", "`tty`"}, {"init", "`init`"},
			{"init-systemd", "systemd as `pid_one_command`, not privileged"},
			{"init-systemd-privileged", "systemd as `pid_one_command`, privileged"},
		}},
		{"What it may do", []row{
			{"privileged", "`privileged`"}, {"cap-add", "`cap_add`"},
			{"cap-drop", "`cap_drop`"}, {"cap-drop-all", "`cap_drop: ALL` with `cap_add`"},
			{"security-opt-no-new-privileges", "`security_opt: no-new-privileges`"},
			{"security-opt-seccomp-unconfined", "`security_opt: seccomp=unconfined`"},
			{"security-opt-label-disable", "`security_opt: label=disable`"},
			{"security-opt-systempaths-unconfined", "`security_opt: systempaths=unconfined`"},
			{"devices", "`devices`, with another path inside"}, {"read-only", "`read_only`"}, {"sysctls", "`sysctls`"},
			{"ulimits", "`ulimits`"},
		}},
		{"Namespaces", []row{
			{"userns-default", "user namespace, nothing said"}, {"userns-host", "`userns_mode: host`"},
			{"userns-private", "`userns_mode: private`"},
			{"userns-keep-id", "`userns_mode: keep-id`"},
			{"userns-keep-id-as-1000", "`userns_mode: keep-id:uid=1000,gid=1000`"},
			{"userns-auto", "`userns_mode: auto`"}, {"userns-nomap", "`userns_mode: nomap`"},
			{"cgroupns-host", "`cgroupns_mode: host`"}, {"ipc-host", "`ipc: host`"},
			{"ipc-container", "`ipc: container:NAME`"}, {"pid-host", "`pid: host`"},
		}},
		{"Limits", []row{
			{"memory", "`memory_limit`"}, {"memory-swap", "`memory_swap`"},
			{"memory-reservation", "`memory_reservation`"}, {"cpus", "`cpus`"},
			{"cpu-shares", "`cpu`"}, {"cpuset", "`cpuset`"}, {"pids-limit", "`pids_limit`"}, {"shm-size", "`shm_size`"},
		}},
		{"`intermediate_instructions`", []row{
			{"build-heredoc", "`RUN <<EOF` and `COPY <<EOF`"}, {"build-cache", "`RUN --mount=type=cache`"},
			{"build-mount", "`RUN --mount=type=bind` and `tmpfs`"},
			{"build-secret", "`RUN --mount=type=secret` with `build_secrets`"}, {"build-ssh", "`RUN --mount=type=ssh`"},
			{"build-chmod", "`COPY --chmod`"}, {"build-platform", "`ARG TARGETOS`, `TARGETARCH` and the like"},
		}},
		{"Storage", []row{
			{"tmpfs", "`tmpfs`"}, {"tmpfs-options", "`tmpfs` with options"},
			{"volume-nocopy", "`volumes` with `nocopy`"},
			{"volume-subpath", "`mounts` with `volume-subpath`"}, {"bind-overlay", "`volumes` with `O`"},
			{"image", "`mounts` with `type=image`"}, {"image-subpath", "`mounts` with `image-subpath`"},
			{"bind-relabel-shared", "`volumes` with `z`"}, {"bind-cached", "`volumes` with `cached`"},
			{"bind-rslave", "`volumes` with `rslave`"},
		}},
		{"Network", []row{
			{"network-mode-default", "network, nothing said to the engine"},
			{"network-mode-bridge", "`network_mode: bridge`"},
			{"network-mode-host", "`network_mode: host`"}, {"network-mode-none", "`network_mode: none`"},
			{"network-mode-container", "`network_mode: container:NAME`"}, {"ipv6", "`ipv6`"},
			{"ipv4-address", "`ip_address`"},
			{"mac-address", "`mac_address`"}, {"ports-ipv6-loopback", "`ports: \"[::1]:8080:80\"`"},
			{"publish-all", "`publish_all`"}, {"links", "`links`"},
			{"dns", "`dns`, `dns_search`, `dns_options`"}, {"extra-hosts", "`extra_hosts`"},
			{"extra-hosts-host-gateway", "`extra_hosts: \"name:host-gateway\"`"},
		}},
	}
}

const tableIntroduction = `# What each engine makes of each key

galley's tests ask every engine for every key and look inside the running container. This page is made from what they
found, which is in [engines.json](engines.json); a test fails when an engine behaves in another way than it says here.

| sign | meaning |
|---|---|
| ✓ | works: it was seen inside the container |
| ~ | weaker: the engine gives less, and galley says so when it creates the runner |
| ✗ | refused: galley says so, with a remedy, before anything is created |
| – | not seen: the machine of the tests, not the engine, is in the way |

A number leads to what galley says, below the tables.

Docker 29 keeps images in containerd's store, unless the daemon's feature ` + "`containerd-snapshotter`" + ` is off (the classic store).
No key differs between the two. The ID of an image does: it is the digest of its manifest, where other engines have that of its
configuration. What galley keeps by images' IDs, such as work images, it makes once more after a change of the store.
`

// sign is how a verdict is shown.
func sign(v testbed.Verdict) string {
	switch v {
	case testbed.Works:
		return "✓"
	case testbed.Weaker:
		return "~"
	case testbed.Refused:
		return "✗"
	default:
		return "–"
	}
}

// markdown makes the page of findings. Errors: a finding that no row shows.
func markdown(f testbed.Findings) (string, error) {
	var b strings.Builder
	b.WriteString(tableIntroduction)
	var notes []string
	shown := 0
	for _, p := range parts() {
		fmt.Fprintf(&b, "\n## %s\n\n|", p.title)
		for _, c := range columns() {
			fmt.Fprintf(&b, " | %s", c.title)
		}
		b.WriteString(" |\n|---" + strings.Repeat("|:-:", len(columns())) + "|\n")
		for _, r := range p.rows {
			found, ok := f[r.feature]
			if !ok {
				return "", fmt.Errorf("there is no finding for %s, which the table shows", r.feature)
			}
			shown++
			fmt.Fprintf(&b, "| %s", r.words)
			for _, c := range columns() {
				cell := sign(found[c.engine].Verdict)
				if reason := found[c.engine].Reason; reason != "" {
					if !slices.Contains(notes, reason) {
						notes = append(notes, reason)
					}
					cell += fmt.Sprintf(" %d", slices.Index(notes, reason)+1)
				}
				fmt.Fprintf(&b, " | %s", cell)
			}
			b.WriteString(" |\n")
		}
	}
	if shown != len(f) {
		return "", fmt.Errorf("the table shows %d features of %d: add rows for the others", shown, len(f))
	}
	b.WriteString("\n## What galley says\n\n")
	for n, note := range notes {
		fmt.Fprintf(&b, "%d. %s\n", n+1, strings.ReplaceAll(note, "\n", "<br>"))
	}
	return b.String(), nil
}
