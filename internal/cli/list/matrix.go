package list

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

// printMatrix prints the instances as a matrix of jobs for a CI system. Nodes of one suite are one job.
func printMatrix(w io.Writer, system string, instances []kitchen.RawInstance) error {
	switch system {
	case "github":
		return githubMatrix(w, instances)
	case "gitlab":
		return gitlabMatrix(w, instances)
	default:
		return fmt.Errorf("--matrix %q: write github or gitlab", system)
	}
}

// githubMatrix prints one line of JSON for fromJSON() in `strategy.matrix`.
func githubMatrix(w io.Writer, instances []kitchen.RawInstance) error {
	type job struct {
		Instance string `json:"instance"`
		Suite    string `json:"suite"`
		Platform string `json:"platform"`
	}
	jobs := []job{}
	for _, i := range instances {
		j := job{i.Name, i.Suite, i.Platform}
		if g := i.Group; g != nil {
			j = job{g.Name, g.Suite, g.Platform}
		}
		if !slices.Contains(jobs, j) {
			jobs = append(jobs, j)
		}
	}
	line, err := json.Marshal(map[string][]job{"include": jobs})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

// gitlabMatrix prints a pipeline for `trigger: include: artifact:`. Each job has its instance in GALLEY_INSTANCE.
func gitlabMatrix(w io.Writer, instances []kitchen.RawInstance) error {
	names := []string{}
	for _, i := range instances {
		if name := cmdutil.RawUnit(i); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	pipeline := map[string]any{"galley": map[string]any{
		"parallel":  map[string]any{"matrix": []map[string][]string{{"GALLEY_INSTANCE": names}}},
		"script":    []string{`galley test "$GALLEY_INSTANCE" --report junit=galley-junit.xml`},
		"artifacts": map[string]any{"when": "always", "reports": map[string]string{"junit": "galley-junit.xml"}},
	}}
	if len(names) == 0 { // GitLab wants one job at least
		pipeline = map[string]any{"galley": map[string]any{"script": []string{"echo there are no instances"}}}
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(pipeline); err != nil {
		return err
	}
	return enc.Close()
}
