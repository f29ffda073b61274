package engine

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/galley-kitchen/galley/backend"
)

// Capabilities brings capability names into the form CAP_X, sorted and without doubles; ALL stays as it is.
func Capabilities(names []string) []string {
	var out []string
	for _, n := range names {
		n = strings.ToUpper(strings.TrimSpace(n))
		if n != "ALL" && !strings.HasPrefix(n, "CAP_") {
			n = "CAP_" + n
		}
		out = append(out, n)
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// EnvList is an environment as K=V lines, sorted by name.
func EnvList(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for k, v := range env {
		list = append(list, k+"="+v)
	}
	sort.Strings(list)
	return list
}

// Protocol is a port's protocol in lower case; empty means tcp.
func Protocol(p string) string { return strings.ToLower(cmp.Or(p, "tcp")) }

// LabelFilter is labels as the values of the filter "label"; an empty value matches any.
func LabelFilter(labels backend.Labels) []string {
	filter := make([]string, 0, len(labels))
	for k, v := range labels {
		if v == "" {
			filter = append(filter, k)
		} else {
			filter = append(filter, k+"="+v)
		}
	}
	sort.Strings(filter)
	return filter
}

// ParsePlatform splits os/arch[/variant]; an empty one is nil, the engine's own. Errors: backend.ErrInvalid.
func ParsePlatform(s string) (*ocispec.Platform, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return nil, &backend.Error{Op: "platform " + s, Kind: backend.ErrInvalid,
			Detail: "a platform is written os/arch or os/arch/variant", Remedy: "Write for example linux/arm64."}
	}
	p := &ocispec.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, nil
}

// ULA is a stable IPv6 subnet for a network: a /64 of the unique local addresses whose further bits are a digest of its
// name. Other attempts give other subnets, for the case that one is taken.
func ULA(name string, attempt int) netip.Prefix {
	sum := sha256.Sum256(fmt.Appendf(nil, "galley %d %s", attempt, name))
	var a [16]byte
	a[0] = 0xfd
	copy(a[1:8], sum[:7])
	return netip.PrefixFrom(netip.AddrFrom16(a), 64)
}

// CheckPlatform reports whether an image is of the platform that was asked for; an
// empty one is any. Errors: backend.ErrWrongPlatform.
func CheckPlatform(op, platform string, i backend.Image) error {
	if _, err := ParsePlatform(platform); err != nil || backend.PlatformMatches(platform, i) {
		return err
	}
	return &backend.Error{Op: op, Kind: backend.ErrWrongPlatform,
		Detail: "the image is for " + i.Platform() + ", not for " + platform,
		Remedy: "Choose a platform that the image is built for."}
}
