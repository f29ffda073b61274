package keys

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// unresolvable are the corpus' cases for container drivers that rightly come with an error: one kind of each.
var unresolvable = map[string]string{
	// The provisioner's name in this written case is made up.
	"synthetic__170-legacy-driver-config": `provisioner.name: galley has no provisioner "prov"`,
}

// corpusConfigs are the configurations that corpusConfig made.
var corpusConfigs = map[string]*kitchen.Config{}

// corpusConfig makes a configuration of what Test Kitchen resolved for a case: the
// positions are those of the expected file's JSON, which YAML reads as well.
func corpusConfig(t *testing.T, file string) *kitchen.Config {
	t.Helper()
	if c, ok := corpusConfigs[file]; ok {
		return c
	}
	var doc struct {
		Loads     bool
		Instances []struct {
			Name                                                string
			Suite, Platform                                     any
			Driver, Provisioner, Verifier, Transport, Lifecycle json.RawMessage
		}
	}
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &doc))
	c := &kitchen.Config{Root: "/project"}
	parsed := map[string]*yaml11.Value{} // most instances of a file have blocks in common
	block := func(name string, text json.RawMessage) *yaml11.Value {
		v, ok := parsed[name+string(text)]
		if !ok {
			var err error
			v, _, err = yaml11.Parse(name, text)
			require.NoError(t, err)
			parsed[name+string(text)] = v
		}
		return v
	}
	for _, i := range doc.Instances {
		c.Instances = append(c.Instances, kitchen.RawInstance{
			Name: i.Name, Suite: fmt.Sprint(i.Suite), Platform: fmt.Sprint(i.Platform), OSType: "unix",
			Driver: block("driver", i.Driver), Provisioner: block("provisioner", i.Provisioner),
			Verifier: block("verifier", i.Verifier), Transport: block("transport", i.Transport),
			Lifecycle: block("lifecycle", i.Lifecycle),
		})
	}
	corpusConfigs[file] = c
	return c
}

// TestCorpusResolves resolves every instance of the corpus that has a container
// driver: none may have errors that are not accounted for.
func TestCorpusResolves(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpusDir, "expected", "*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skipf("no corpus: %s does not exist beside the checkout", corpusDir)
	}
	container := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		c := corpusConfig(t, file)
		all, diags := Resolve(c, ResolveOptions{Home: "/home/tester", Select: func(r kitchen.RawInstance) bool {
			driver, _, _, _ := r.Plugins()
			return driverNames()[driver].kind == config.DriverContainer
		}})
		container += len(all)
		for _, i := range all {
			require.NotEmpty(t, i.Driver.Image, "%s: %s", name, i.Name)
		}
		var got []string
		for _, d := range diags {
			if d.Severity == kitchen.SeverityError && !slices.Contains(got, d.Msg) {
				got = append(got, d.Msg)
			}
		}
		assert.Equal(t, unresolvable[name], strings.Join(got, "\n"), "%s", name)
	}
	require.Greater(t, container, 1000)
}

// The corpus stands beside the checkout; see its README.
const corpusDir = "../../../shared/corpus"
