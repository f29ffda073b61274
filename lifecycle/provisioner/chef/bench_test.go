package chef

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// BenchmarkPrepareUnchanged20000 prepares a second converge of 20,000 files of cookbooks with a usual chefignore. The
// metric xwalk compares its fastest time with that of a walk of the same tree which looks at each file once.
func BenchmarkPrepareUnchanged20000(b *testing.B) {
	b.Setenv("XDG_CACHE_HOME", b.TempDir())
	root := b.TempDir()
	cookbooks := filepath.Join(root, "cookbooks")
	for d := range 200 {
		book := filepath.Join(cookbooks, fmt.Sprintf("cookbook%d", d/10))
		dir := filepath.Join(book, "files", fmt.Sprintf("default%d", d))
		require.NoError(b, os.MkdirAll(dir, 0o755))
		require.NoError(b, os.WriteFile(filepath.Join(book, "chefignore"),
			[]byte("*.swp\n*~\n.git/*\n.kitchen*\nspec/*\ntest/*\nBerksfile\n.DS_Store\n*.bak\nGuardfile\n"), 0o600))
		for f := range 100 {
			require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d.rb", f)), []byte("x"), 0o600))
		}
	}
	c := Chef{converge.Base{Options: converge.Options{Project: project.Project{Root: root,
		TestBase: filepath.Join(root, "test")}},
		Instance: config.Instance{Name: "default",
			Provisioner: config.Provisioner{Chef: config.Chef{CookbookGlobs: []string{
				"README.*", "metadata.rb", "attributes/**/*", "files/**/*", "libraries/**/*", "recipes/**/*",
				"templates/**/*"}}}}}}
	sb := sandbox.Dir{Local: filepath.Join(b.TempDir(), "kitchen"), Remote: "/opt/kitchen"}
	require.NoError(b, c.Prepare(b.Context(), sb))
	files, err := sandbox.Tree(sb.Local, "", nil)
	require.NoError(b, err)
	require.Len(b, files, 20000+4)
	fastestWalk, fastest := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		require.NoError(b, c.Prepare(b.Context(), sb))
		fastest = min(fastest, time.Since(start))
		b.StopTimer()
		start = time.Now()
		require.NoError(b, filepath.WalkDir(cookbooks, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = d.Info()
			return err
		}))
		fastestWalk = min(fastestWalk, time.Since(start))
		b.StartTimer()
	}
	b.ReportMetric(float64(fastest)/float64(fastestWalk), "xwalk")
}
