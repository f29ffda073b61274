package testbed

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

// Verdict is what an engine makes of a feature of a container.
type Verdict string

// The verdicts on a feature.
const (
	// Works: it was asked for and seen inside the container.
	Works Verdict = "works"
	// Weaker: it was not seen inside, and a warning said so.
	Weaker Verdict = "weaker"
	// Refused: an error came before anything was created.
	Refused Verdict = "refused"
	// NotHere: the machine of the test, and not the engine, keeps it from being seen. It
	// says nothing about other machines.
	NotHere Verdict = "not here"
)

// Finding is a verdict and why it was given.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	// Reason is what the engine's user is told, or empty.
	Reason string `json:"reason,omitempty"`
}

// Findings are verdicts by feature and by engine of the test bed. docs/engines.json
// holds them, and docs/engines.md is made from that.
type Findings map[string]map[string]Finding

// ReadFindings reads a file of findings. One that is not there has none.
func ReadFindings(file string) (Findings, error) {
	f := Findings{}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		return nil, fmt.Errorf("findings in %s: %w", file, err)
	}
	return f, nil
}

// Write writes the findings to a file, sorted.
func (f Findings) Write(file string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the findings: %w", err)
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// Ledger collects the findings on one engine in one test, and compares them with those that the documentation has.
type Ledger struct {
	engine string
	mu     sync.Mutex
	found  map[string]Finding
}

// NewLedger begins a ledger, which is compared with a file when the test has ended. A verdict that is another one than
// in the file fails the test, unless it was run with -update: then the file takes it over.
func NewLedger(t *testing.T, engine, file string) *Ledger {
	t.Helper()
	l := &Ledger{engine: engine, found: map[string]Finding{}}
	t.Cleanup(func() {
		lock := flock.New(file) // other engines' ledgers end at any time
		require.NoError(t, lock.Lock())
		defer func() { require.NoError(t, lock.Unlock()) }()
		documented, err := ReadFindings(file)
		require.NoError(t, err)
		if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
			l.update(documented)
			require.NoError(t, documented.Write(file))
		}
		for _, difference := range l.differences(documented) {
			t.Errorf("%s; if that is right, renew it with -update", difference)
		}
	})
	return l
}

// Record enters a verdict and its reason, or an empty one.
func (l *Ledger) Record(feature string, verdict Verdict, reason string) {
	if verdict == Weaker && dependsOnKernel(feature) {
		verdict = NotHere
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found[feature] = Finding{verdict, lasting(reason)}
}

// dependsOnKernel reports whether a feature takes a cgroup controller, which a kernel has or has not.
func dependsOnKernel(feature string) bool {
	return slices.Contains([]string{"memory", "memory-swap", "memory-reservation", "cpus", "cpu-shares", "cpuset",
		"pids-limit"}, feature)
}

// lasting leaves out what differs from one run to the next: versions of engines and
// addresses of containers. An address with a length, of a network, is advice.
func lasting(reason string) string {
	reason = regexp.MustCompile(`(Docker|Podman) \d[^\s:;,]*`).ReplaceAllString(strings.TrimSpace(reason), "$1")
	return regexp.MustCompile(`\d+\.\d+\.\d+\.\d+(/\d+)?`).ReplaceAllStringFunc(reason, func(address string) string {
		if strings.Contains(address, "/") {
			return address
		}
		return "ADDRESS"
	})
}

// update takes the findings over, except that this machine cannot see what another has seen.
func (l *Ledger) update(documented Findings) {
	for feature, finding := range l.found {
		if seen, ok := documented[feature][l.engine]; ok && finding.Verdict == NotHere && seen.Verdict != NotHere {
			continue
		}
		if documented[feature] == nil {
			documented[feature] = map[string]Finding{}
		}
		documented[feature][l.engine] = finding
	}
}

// differences are what the documentation has otherwise.
func (l *Ledger) differences(documented Findings) []string {
	var list []string
	for feature, found := range l.found {
		want, ok := documented[feature][l.engine]
		switch {
		case found.Verdict == NotHere:
		case !ok:
			list = append(list, fmt.Sprintf("%s on %s is not documented; it is %s: %s", feature, l.engine, found.Verdict,
				found.Reason))
		case want.Verdict == NotHere:
		case want.Verdict != found.Verdict:
			list = append(list, fmt.Sprintf("%s on %s is documented as %s, and is %s: %s", feature, l.engine, want.Verdict,
				found.Verdict, found.Reason))
		}
	}
	slices.Sort(list)
	return list
}
