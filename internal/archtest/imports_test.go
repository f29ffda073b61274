// Package archtest holds the rules of which package may import which: data flows one way,
// from the configuration to the life cycle to the reports, and only a backend knows its
// engine. The linter has the same rules; this test holds them where no linter runs.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/galley-kitchen/galley"

// rule restricts what the packages in and below From import.
type rule struct {
	From string // below the module
	// Deny are trees below the module, Allow exceptions from them. A tree that ends in
	// "!" stands for that package alone, in From too.
	Deny, Allow []string
}

var rules = []rule{
	{From: "config", Deny: []string{"backend", "lifecycle", "report", "cmd", "internal/cli", "internal/settings",
		"e2e"}, Allow: []string{"backend/spec"}},
	{From: "config!", Deny: []string{"config"}},
	{From: "config/kitchen", Deny: []string{"config!", "config/keys"}},
	{From: "backend", Deny: []string{"config", "lifecycle", "report", "cmd", "internal/cli", "internal/settings",
		"e2e"}},
	{From: "backend/docker", Deny: []string{"backend/podman"}},
	{From: "backend/podman", Deny: []string{"backend/docker"}},
	{From: "backend/fake", Deny: []string{"backend/docker", "backend/podman"}},
	{From: "lifecycle", Deny: []string{"backend", "report", "cmd", "internal/cli", "internal/settings", "e2e"},
		Allow: []string{"backend!", "backend/spec"}},
	// The template package is for rubyimage alone, which runs its program.
	{From: "lifecycle", Deny: []string{"config"}, Allow: []string{"config!", "config/template"}},
	{From: "report", Deny: []string{"backend", "config/keys", "config/kitchen", "cmd", "internal/cli", "internal/settings", "e2e"}},
	{From: "internal/cli/cmdutil", Deny: []string{"backend/docker", "backend/podman"}},
	{From: "cmd", Deny: []string{"e2e"}},
	{From: "internal/settings", Deny: []string{"config", "backend", "lifecycle", "report"}},
}

// outside says which packages alone may use a module of others.
var outside = map[string][]string{
	"github.com/docker/docker":        {"backend", "e2e"},
	"github.com/containers/podman/v4": {"backend", "e2e"},
	"github.com/spf13/cobra":          {"internal/cli", "packaging/man"},
	"github.com/spf13/viper":          {"internal/settings"},
}

// podmanPackages are the only ones that compile beside Docker's client without tags.
var podmanPackages = []string{"github.com/containers/podman/v4/pkg/bindings",
	"github.com/containers/podman/v4/libpod/define"}

// goPackage is what "go list -json" says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
}

// within reports whether path is tree or lies below it.
func within(path, tree string) bool {
	if only, ok := strings.CutSuffix(tree, "!"); ok {
		return path == only
	}
	return path == tree || strings.HasPrefix(path, tree+"/")
}

func withinAny(path string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool { return within(path, tree) })
}

// violations lists each import that breaks a rule, as a sentence.
func violations(packages []goPackage) []string {
	var found []string
	for _, p := range packages {
		from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, path := range p.Imports {
			if reason := refuse(from, path); reason != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, path, reason))
			}
		}
	}
	return found
}

// refuse says why from must not import path, or nothing.
func refuse(from, path string) string {
	if below, ok := strings.CutPrefix(path, module+"/"); ok {
		for _, r := range rules {
			if within(from, r.From) && !within(below, r.From) && withinAny(below, r.Deny) &&
				!withinAny(below, r.Allow) {
				return r.From + " must not know of " + below
			}
		}
		return ""
	}
	for tree, users := range outside {
		if within(path, tree) && !withinAny(from, users) {
			return "only " + strings.Join(users, " and ") + " may"
		}
	}
	if within(path, "github.com/containers/podman/v4") && !slices.Contains(podmanPackages, path) {
		return "of Podman's module only " + strings.Join(podmanPackages, " and ") + " compile beside Docker's client"
	}
	return ""
}

// TestImports looks at this module. The tests' own imports are free: they may use the fake backend and the test bed.
func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	packages, err := decode(bytes.NewReader(out))
	require.NoError(t, err)
	require.NotEmpty(t, packages)
	for _, v := range violations(packages) {
		t.Error(v)
	}
}

func decode(r io.Reader) ([]goPackage, error) {
	var packages []goPackage
	for d := json.NewDecoder(r); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// The rules themselves: what they must let through and what they must catch.
func TestRules(t *testing.T) {
	tests := []struct {
		from, path string
		ok         bool
	}{
		{"config/keys", "config/yaml11", true},
		{"config/keys", "config", true},
		{"config", "config/yaml11", false},
		{"config", "config/keys", false},
		{"config/kitchen", "config/keys", false},
		{"config/kitchen", "config", false},
		{"config/kitchen", "config/erb", true},
		{"config", "backend", false},
		{"config/erb", "lifecycle", false},
		{"backend", "config", false},
		{"backend/docker", "backend", true},
		{"backend/docker", "backend/internal/engine", true},
		{"backend/docker", "backend/podman", false},
		{"backend/podman", "backend/docker", false},
		{"lifecycle", "backend", true},
		{"lifecycle", "config", true},
		{"lifecycle", "config/keys", false},
		{"lifecycle/provisioner/chef", "config/kitchen", false},
		{"lifecycle/provisioner", "backend/docker", false},
		{"lifecycle", "backend/podman", false},
		{"lifecycle", "backend/detect", false},
		{"lifecycle", "report", false},
		{"report", "lifecycle", true},
		{"report", "lifecycle/result", true},
		{"report", "config", true},
		{"report", "backend", false},
		{"internal/cli", "backend/docker", true},
		{"internal/cli/cmdutil", "backend/docker", false},
		{"internal/settings", "config", false},
		{"lifecycle", "internal/settings", false},
		{"cmd/galley", "e2e/testbed", false},
		{"reporter", "backend", true},
	}
	for _, tc := range tests {
		reason := refuse(tc.from, module+"/"+tc.path)
		require.Equal(t, tc.ok, reason == "", "%s imports %s: %s", tc.from, tc.path, reason)
	}
	for path, from := range map[string]string{
		"github.com/docker/docker/client":                         "lifecycle",
		"github.com/containers/podman/v4/libpod/define":           "config",
		"github.com/spf13/viper":                                  "backend",
		"github.com/containers/podman/v4/pkg/bindings/containers": "backend/podman",
	} {
		require.NotEmpty(t, refuse(from, path), "%s imports %s", from, path)
	}
	require.Empty(t, refuse("backend/podman", "github.com/containers/podman/v4/pkg/bindings"))
	require.Empty(t, refuse("internal/cli/list", "github.com/spf13/cobra"))
}
