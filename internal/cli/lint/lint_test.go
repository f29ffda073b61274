package lint

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

const kitchenYML = "driver:\n  name: dokken\n  priviledged: true\nplatforms:\n  - name: debian-12\nsuites:\n  - name: default\n"

// linted is what lint prints of a kitchen.yml.
func linted(t *testing.T, text, format string) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("kitchen.yml", []byte(text), 0o600))
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer out.Close()
	f := cmdutil.NewFactory(cmdutil.Streams{In: os.Stdin, Out: out, Err: out}, "1.2.3")
	runErr := run(t.Context(), &Options{Factory: f, Format: format})
	printed, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	return printed, runErr
}

func TestFormats(t *testing.T) {
	text, err := linted(t, kitchenYML, formatText)
	require.NoError(t, err)
	require.Contains(t, string(text), `kitchen.yml:3:3`)
	require.Contains(t, string(text), `privileged`)

	data, err := linted(t, kitchenYML, formatJSON)
	require.NoError(t, err)
	var problems []problem
	require.NoError(t, json.Unmarshal(data, &problems), string(data))
	require.Len(t, problems, 1)
	require.Equal(t, "warning", problems[0].Severity)
	require.Equal(t, []any{"kitchen.yml", 3, 3}, []any{problems[0].File, problems[0].Line, problems[0].Column})

	data, err = linted(t, kitchenYML, formatSARIF)
	require.NoError(t, err)
	var sarif struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(data, &sarif), string(data))
	require.Equal(t, "2.1.0", sarif.Version)
	result := sarif.Runs[0].Results[0]
	require.Equal(t, "warning", result.Level)
	place := result.Locations[0].PhysicalLocation
	require.Equal(t, "kitchen.yml", place.ArtifactLocation.URI)
	require.Equal(t, 3, place.Region.StartLine)
}

// What keeps the file from being read comes in the same format, and the exit code tells.
func TestFormatsOfErrors(t *testing.T) {
	for _, format := range []string{formatText, formatJSON, formatSARIF} {
		data, err := linted(t, "driver: [\n", format)
		require.ErrorIs(t, err, errLint)
		require.Equal(t, format != formatText, json.Valid(data), string(data))
	}
	data, err := linted(t, "driver: {name: dokken}\nplatforms: [name: a]\nsuites: [name: b]\n", formatJSON)
	require.NoError(t, err)
	require.JSONEq(t, "[]", string(data))
	_, err = linted(t, "", "yaml")
	require.ErrorContains(t, err, "text, json or sarif")
}
