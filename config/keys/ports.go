package keys

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// maxPortRange is the most ports that one range may publish.
const maxPortRange = 4096

// ports reads `ports`: numbers, "[[ip:]host:]container[/protocol]" with ranges on
// both sides, hashes, or the engine's own hash of "80/tcp" to bindings.
func ports(d *decoder, v *yaml11.Value) ([]spec.PortMapping, bool) {
	all, ok := each(v, func(it *yaml11.Value) ([]spec.PortMapping, bool) {
		if it.Kind == yaml11.Map {
			return d.portHash(it)
		}
		return d.portItem(it)
	})
	var out []spec.PortMapping
	for _, p := range all {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, ok
}

func (d *decoder) portItem(it *yaml11.Value) ([]spec.PortMapping, bool) {
	if it.Kind != yaml11.Int && it.Kind != yaml11.String {
		return nil, d.wrongType(it)
	}
	// An unquoted 22:22 is the number 80520 in YAML 1.1; the file's own text says what is meant.
	hint := ""
	if it.Kind == yaml11.Int {
		hint = `put ports in quotes: "22:22"; without them YAML reads a number in base 60`
	}
	return d.portText(it, d.textOf(it), hint)
}

// portText reads a port that stands at v, or that the fields at v make. A hint takes the place of the error's own.
func (d *decoder) portText(v *yaml11.Value, s, hint string) ([]spec.PortMapping, bool) {
	got, err := parsePort(s)
	if err == nil {
		return got, true
	}
	return nil, d.errorAt(v, cmp.Or(hint, err.hint), "bad port %q: %s", s, err.why)
}

// portError says why a text is no port, and how to mend it.
type portError struct{ why, hint string }

// parsePort reads "[[ip:]host:]container[/protocol]".
func parsePort(s string) ([]spec.PortMapping, *portError) {
	const forms = `write "container", "host:container" or "ip:host:container", with /udp behind it if need be`
	rest, protocol, given := strings.Cut(strings.TrimSpace(s), "/")
	protocol = strings.ToLower(protocol)
	if !given {
		protocol = "tcp"
	}
	if protocol != "tcp" && protocol != "udp" && protocol != "sctp" {
		return nil, &portError{fmt.Sprintf("unknown protocol %q", protocol), "write /tcp, /udp or /sctp"}
	}
	var ip, host string
	if strings.HasPrefix(rest, "[") {
		end := strings.Index(rest, "]:")
		if end < 0 {
			return nil, &portError{"the bracket of the address is not closed", `write "[::1]:8080:80"`}
		}
		ip, rest = rest[1:end], rest[end+2:]
		if !strings.Contains(rest, ":") {
			return nil, &portError{"an address needs a host port and a container port behind it",
				`write "[::1]:8080:80", or "[::1]::80" for a free host port`}
		}
	}
	parts := strings.Split(rest, ":")
	switch {
	case len(parts) == 3 && ip == "":
		ip, host, rest = parts[0], parts[1], parts[2]
		if ip == "" {
			return nil, &portError{"it begins with a colon", forms}
		}
	case len(parts) == 2:
		host, rest = parts[0], parts[1]
		if host == "" && ip == "" {
			return nil, &portError{"it begins with a colon", forms}
		}
	case len(parts) == 1:
		rest = parts[0]
	default:
		return nil, &portError{"it has too many colons", `write an IPv6 address in brackets: "[::1]:8080:80"; ` + forms}
	}
	if ip != "" {
		if _, err := netip.ParseAddr(ip); err != nil {
			return nil, &portError{fmt.Sprintf("%q is not an IP address", ip),
				`write an address such as 127.0.0.1, or only "host:container"`}
		}
	}
	return pairPorts(ip, host, rest, protocol)
}

// pairPorts makes the ports of a container range and its host range, one by one.
func pairPorts(ip, host, container, protocol string) ([]spec.PortMapping, *portError) {
	from, to, err := portRange(container)
	if err != nil {
		return nil, err
	}
	hostFrom := 0
	if host != "" {
		var hostTo int
		hostFrom, hostTo, err = portRange(host)
		if err != nil {
			return nil, err
		}
		if hostTo-hostFrom != to-from {
			return nil, &portError{
				fmt.Sprintf("%d host ports for %d container ports", hostTo-hostFrom+1, to-from+1),
				"write ranges of the same length on both sides",
			}
		}
	}
	out := make([]spec.PortMapping, 0, to-from+1)
	for n := from; n <= to; n++ {
		p := spec.PortMapping{HostIP: ip, ContainerPort: n, Protocol: protocol}
		if host != "" {
			p.HostPort = hostFrom + n - from
		}
		out = append(out, p)
	}
	return out, nil
}

// portRange reads "80" or "8000-8002".
func portRange(s string) (from, to int, err *portError) {
	a, b, isRange := strings.Cut(s, "-")
	if !isRange {
		b = a
	}
	from, err = portNumber(a)
	if err == nil {
		to, err = portNumber(b)
	}
	switch {
	case err != nil:
		return 0, 0, err
	case to < from:
		return 0, 0, &portError{fmt.Sprintf("the range %s runs backwards", s), fmt.Sprintf("write %d-%d", to, from)}
	case to-from >= maxPortRange:
		return 0, 0, &portError{fmt.Sprintf("the range %s has more than %d ports", s, maxPortRange), "publish fewer ports"}
	}
	return from, to, nil
}

func portNumber(s string) (int, *portError) {
	n, err := strconv.Atoi(s)
	if err != nil || strings.HasPrefix(s, "+") {
		return 0, &portError{fmt.Sprintf("%q is not a port number", s), `write a number from 1 to 65535, such as "8080:80"`}
	}
	if n < 1 || n > 65535 {
		return 0, &portError{fmt.Sprintf("%d is not from 1 to 65535", n), "write a number from 1 to 65535"}
	}
	return n, nil
}

// portHash reads {target, published, …} as Compose has it, or a hash of "80/tcp" to
// one or many of: a host port, "ip:port", {HostIp, HostPort}, or nothing.
func (d *decoder) portHash(v *yaml11.Value) ([]spec.PortMapping, bool) {
	if v.Map.Get("target") != nil {
		return d.portFields(v)
	}
	var out []spec.PortMapping
	for _, e := range entries(v) {
		bindings := items(e.Value)
		if len(bindings) == 0 {
			bindings = []*yaml11.Value{yaml11.NewNull(e.Value.Pos)}
		}
		for _, b := range bindings {
			written, ok := d.portBinding(e.Key, b)
			if !ok {
				return nil, false
			}
			got, ok := d.portText(b, written, "")
			if !ok {
				return nil, false
			}
			out = append(out, got...)
		}
	}
	return out, true
}

// portBinding is "[ip:host:]container/protocol" of one entry of the engine's hash.
func (d *decoder) portBinding(container string, b *yaml11.Value) (string, bool) {
	if b.Kind != yaml11.Map {
		return joinPort("", d.scalarOr(b), container), true
	}
	var ip, host string
	for _, e := range entries(b) {
		if !d.isText(e) {
			return "", false
		}
		switch suggest.Plain(e.Key) {
		case "hostip":
			ip = d.textOf(e.Value)
		case "hostport":
			host = d.textOf(e.Value)
		default:
			return "", d.errorAt(e.Value, suggestion(e.Key, []string{"HostIp", "HostPort"}),
				"unknown field %q of a port: expected HostIp or HostPort", e.Key)
		}
	}
	return joinPort(ip, host, container), true
}

// portFields reads {target, published, host_ip, protocol}.
func (d *decoder) portFields(v *yaml11.Value) ([]spec.PortMapping, bool) {
	var target, published, ip, protocol string
	fields := map[string]*string{"target": &target, "published": &published, "host_ip": &ip, "protocol": &protocol}
	for _, e := range entries(v) {
		s, ok := text(d, e.Value)
		if !ok {
			return nil, false
		}
		if to := fields[e.Key]; to != nil {
			*to = s
		} else if !slices.Contains([]string{"mode", "name", "app_protocol"}, e.Key) {
			return nil, d.errorAt(e.Value, suggestion(e.Key, namesIn(fields)), "unknown field %q of a port", e.Key)
		}
	}
	if v.Map.Get("protocol") != nil {
		target += "/" + protocol
	}
	return d.portText(v, joinPort(ip, published, target), "")
}

func joinPort(ip, host, container string) string {
	switch {
	case strings.Contains(ip, ":"):
		return "[" + ip + "]:" + host + ":" + container
	case ip != "":
		return ip + ":" + host + ":" + container
	case host != "":
		return host + ":" + container
	}
	return container
}
