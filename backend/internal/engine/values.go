package engine

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path"
	"slices"
	"sort"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
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

// subnetTries is how many IPv6 subnets are tried for a network.
const subnetTries = 5

// CreateNetwork makes a network by create, or takes the one of another caller that was first, which find looks for.
// create gets the specification with an IPv6 subnet, if it asks for one; where the choice of that is galley's, it gets
// others when one is taken. Not all engines tell which subnet that is, so a chosen IPv4 one does not count.
func CreateNetwork(s backend.NetworkSpec, create func(backend.NetworkSpec) (backend.Network, error),
	find func(conflict error) (backend.Network, error)) (backend.Network, error) {
	chosen := s.IPv6Subnet != ""
	for try := 0; ; try++ {
		if s.IPv6 && (s.IPv6Subnet == "" || try > 0) {
			s.IPv6Subnet = ULA(s.Name, try).String()
		}
		n, err := create(s)
		if !errors.Is(err, backend.ErrConflict) {
			return n, err
		}
		if found, findErr := find(err); findErr == nil {
			return found, nil
		}
		if !s.IPv6 || chosen || try+1 == subnetTries {
			return backend.Network{}, err
		}
	}
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

// TranslateList translates all that an engine listed, unless err says that it did not.
func TranslateList[A, T any](answer []A, err error, from func(A) T) ([]T, error) {
	if err != nil {
		return nil, err
	}
	list := make([]T, len(answer))
	for i, a := range answer {
		list[i] = from(a)
	}
	return list, nil
}

// Changes translates the changes of a container, and sorts them. of tells the path and, in the words of engines, the
// kind: 0 is modified, 1 added, 2 deleted.
func Changes[A any](answer []A, of func(A) (path string, kind int)) ([]backend.Change, error) {
	kinds := []backend.ChangeKind{backend.ChangeModified, backend.ChangeAdded, backend.ChangeDeleted}
	changes := make([]backend.Change, len(answer))
	for i, a := range answer {
		path, kind := of(a)
		if kind < 0 || kind >= len(kinds) {
			return nil, fmt.Errorf("%s: the engine tells a change of an unknown kind, %d", path, kind)
		}
		changes[i] = backend.Change{Path: path, Kind: kinds[kind]}
	}
	SortChanges(changes)
	return changes, nil
}

// SortChanges sorts changes by their paths, so that what is in a directory comes after it.
func SortChanges(changes []backend.Change) {
	slices.SortFunc(changes, func(a, b backend.Change) int { return strings.Compare(a.Path, b.Path) })
}

// protected are directories that must keep their SELinux labels: a host whose
// system directories carry a container's label does not boot.
var protected = []string{"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root",
	"/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/run", "/var/tmp"}

// Relabelled is a bind as it is labelled for SELinux. Only galley's own directories are labelled unasked, and only on a
// host that may have labels. Errors: backend.ErrInvalid for a directory that the engine's host needs as it is.
func Relabelled(m spec.Mount, labels bool) (spec.Mount, error) {
	if m.Own && m.Relabel == "" && labels {
		m.Relabel = spec.RelabelShared
	}
	source := path.Clean(m.Source)
	home, err := os.UserHomeDir()
	isHome := err == nil && source == path.Clean(home)
	if m.Relabel == "" || !isHome && !slices.Contains(protected, source) {
		return m, nil
	}
	return m, &backend.Error{Op: "mount " + m.Source + " at " + m.Target, Kind: backend.ErrInvalid,
		Detail: "relabelling " + source + " for SELinux would break the host",
		Remedy: "Leave out :z and :Z, or mount a directory below it."}
}
