package provisioner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// chefCLI stands in for chef-cli: it records its arguments, keeps a lock file with
// a version that update raises, and exports a policy.
const chefCLI = `#!/bin/sh
echo "${0##*/} $*" >> "$CALLS"
lock=${2%.rb}.lock.json
write() { printf '{"name": "web", "revision": %s, "cookbook_locks": {"mine": {"source": "cookbooks/mine"}, "other": {"source": null}}}' "$1" > "$lock"; }
case $1 in
install) [ -e "$lock" ] || write 1 ;;
update) write 2 ;;
export)
	mkdir -p "$3/cookbook_artifacts/mine-abc/recipes" "$3/policies" "$3/.chef"
	cp "$lock" "$3/policies/web.json"; echo x > "$3/.chef/config.rb"
	cp "${2%/*}/cookbooks/mine/recipes/default.rb" "$3/cookbook_artifacts/mine-abc/recipes/" ;;
fail) ;;
esac
[ ! -e "${2%/*}/broken" ] || { echo "the server is on fire" >&2; exit 3; }
`

// berks stands in for Berkshelf.
const berks = `#!/bin/sh
echo "${0##*/} $*" >> "$CALLS"
for last; do :; done
case $1 in
update) echo updated > "$last.lock" ;;
vendor)
	[ -e "$last.lock" ] || echo made > "$last.lock"
	mkdir -p "$2/mine/recipes" "$2/mine/spec"
	cp "${last%/*}/recipes/default.rb" "$2/mine/recipes/"; echo x > "$2/mine/spec/x" ;;
esac
`

// resolving is a bed with stand-ins on the PATH that note what they were asked.
type resolving struct {
	*bed
	calls string
}

func newResolving(t *testing.T, files map[string]string, programs map[string]string) *resolving {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins are shell scripts")
	}
	r := &resolving{bed: newBed(t, files), calls: filepath.Join(t.TempDir(), "calls")}
	bin := t.TempDir()
	for name, text := range programs {
		require.NoError(t, writeFile(filepath.Join(bin, name), text))
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	t.Setenv("CALLS", r.calls)
	r.project.Environ = os.Environ()
	return r
}

// called returns what was asked since the last time, with places by name.
func (r *resolving) called() []string {
	r.t.Helper()
	text, err := os.ReadFile(r.calls)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(r.t, err)
	require.NoError(r.t, os.Remove(r.calls))
	var lines []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.ReplaceAll(line, r.root, "ROOT"))
		for i, w := range words {
			if strings.Contains(w, ".new-") {
				words[i] = "OUT"
			}
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// next is another run of galley.
func (r *resolving) next() { r.project.Resolver = &Resolver{} }

var policyFiles = map[string]string{
	"kitchen.yml": "provisioner: {name: dokken, policy_group: test, chef_license: accept, " +
		"attributes: {run_list: [no]}}\n" + platform,
	"Policyfile.rb":                     "name 'web'\n",
	"cookbooks/mine/recipes/default.rb": "one",
}

// Test Kitchen warns of a run list that a policy overrules.
func TestPolicyfileAndRunList(t *testing.T) {
	files := maps.Clone(policyFiles)
	files["kitchen.yml"] = "provisioner: {name: dokken, run_list: ['recipe[mine]']}\n" + platform
	r := newResolving(t, files, map[string]string{"chef-cli": chefCLI})
	require.JSONEq(t, `{"policy_name": "web", "policy_group": "local"}`, r.prepare()["dna.json"])
	require.Contains(t, r.said, "run_list is ignored: the policy web has its own; use provisioner.named_run_list to "+
		"choose one of those")
}

func TestPolicyfile(t *testing.T) {
	r := newResolving(t, policyFiles, map[string]string{"chef-cli": chefCLI, "chef": "#!/bin/sh\nexit 9\n"})
	const export = "chef-cli export ROOT/Policyfile.rb OUT --force --policy_group test --chef-license accept"
	files := r.prepare()
	require.Equal(t, []string{"chef-cli install ROOT/Policyfile.rb", export}, r.called())
	require.JSONEq(t, `{"policy_name": "web", "policy_group": "test"}`, files["dna.json"])
	require.Equal(t, "one", files["cookbook_artifacts/mine-abc/recipes/default.rb"])
	require.Contains(t, files, "policies/web.json")
	require.Contains(t, files, ".chef/config.rb")

	// In the same run it is not asked again; in the next one there may be news.
	r.prepare()
	require.Empty(t, r.called())
	r.next()
	r.prepare()
	require.Equal(t, []string{"chef-cli update ROOT/Policyfile.rb", export}, r.called())
	r.next()
	r.prepare()
	require.Equal(t, []string{"chef-cli update ROOT/Policyfile.rb"}, r.called(),
		"no news, so what was exported before serves")

	// Without updates the lock file says all, and no tool is needed.
	r.instances[0].Provisioner.Chef.AlwaysUpdate = false
	r.next()
	r.prepare()
	require.Empty(t, r.called())
	r.write(map[string]string{"cookbooks/mine/recipes/default.rb": "two"})
	r.next()
	files = r.prepare()
	require.Equal(t, []string{"chef-cli install ROOT/Policyfile.rb", export}, r.called())
	require.Equal(t, "two", files["cookbook_artifacts/mine-abc/recipes/default.rb"])
}

// Eight instances side by side share one resolution.
func TestOneResolutionForAll(t *testing.T) {
	r := newResolving(t, policyFiles, map[string]string{"chef-cli": chefCLI})
	var g errgroup.Group
	for n := range 8 {
		i := r.instances[0]
		i.Name = fmt.Sprintf("suite%d", n)
		box := sandbox.Dir{Local: filepath.Join(t.TempDir(), "box"), Remote: "/opt/kitchen"}
		g.Go(func() error {
			p, err := New(r.project, i)
			if err != nil {
				return err
			}
			return p.Prepare(t.Context(), box)
		})
	}
	require.NoError(t, g.Wait())
	require.Len(t, r.called(), 2)
}

// Two galleys at once, and two projects at once, do not get into each other's way.
func TestResolversSideBySide(t *testing.T) {
	r := newResolving(t, policyFiles, map[string]string{"chef-cli": chefCLI})
	other := newBed(t, policyFiles)
	other.project.Environ = r.project.Environ
	var g errgroup.Group
	for n := range 6 {
		b := r.bed
		if n%2 == 1 {
			b = other
		}
		project := b.project
		project.Resolver, project.Notify = &Resolver{}, nil // each is a galley of its own
		box := sandbox.Dir{Local: filepath.Join(t.TempDir(), "box"), Remote: "/opt/kitchen"}
		g.Go(func() error {
			p, err := New(project, b.instances[0])
			if err != nil {
				return err
			}
			return p.Prepare(t.Context(), box)
		})
	}
	require.NoError(t, g.Wait())
	for _, b := range []*bed{r.bed, other} {
		left, err := filepath.Glob(filepath.Join(b.project.StateDir, "cookbooks", ".new-*"))
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestBerksfile(t *testing.T) {
	r := newResolving(t, map[string]string{
		"kitchen.yml": dokken, "Berksfile": "source 'x'\nmetadata\n", "metadata.rb": "name 'mine'\n",
		"recipes/default.rb": "one",
	}, map[string]string{"berks": berks})
	files := r.prepare()
	require.Equal(t, []string{"berks vendor OUT -b ROOT/Berksfile"}, r.called())
	require.Equal(t, []string{"cookbooks/mine/recipes/default.rb"}, cookbookFiles(files))
	r.next()
	r.prepare()
	require.Equal(t, []string{"berks update -b ROOT/Berksfile", "berks vendor OUT -b ROOT/Berksfile"}, r.called())
	r.instances[0].Provisioner.Chef.AlwaysUpdate = false
	r.next()
	r.prepare()
	require.Empty(t, r.called())
	r.write(map[string]string{"recipes/default.rb": "two"})
	r.next()
	require.Equal(t, "two", r.prepare()["cookbooks/mine/recipes/default.rb"])
}

// What the tool itself says comes back, and how to mend it.
func TestResolveErrors(t *testing.T) {
	r := newResolving(t, policyFiles, map[string]string{"chef-cli": chefCLI})
	r.write(map[string]string{"broken": ""})
	err := r.provisioner().Prepare(t.Context(), r.box)
	require.Equal(t, "resolve the cookbooks of Policyfile.rb on this machine: `chef-cli install "+filepath.Join(r.root,
		"Policyfile.rb")+
		"` exited with code 3\nthe server is on fire\nRun the command yourself to look closer. provisioner.resolver: container runs it in an image instead.", err.Error())

	r = newResolving(t, policyFiles, nil)
	err = r.provisioner().Prepare(t.Context(), r.box)
	require.ErrorContains(t, err, "there is neither chef-cli nor chef on this machine's PATH, and a container does not "+
		"do: there is no engine for one\nInstall Chef Workstation")
	r.instances[0].Provisioner.Chef.Resolver = "host"
	r.next()
	err = r.provisioner().Prepare(t.Context(), r.box)
	require.ErrorContains(t, err, "there is neither chef-cli nor chef on this machine's PATH\nInstall Chef Workstation "+
		"or Cinc Workstation, or set provisioner.resolver: container.")

	r = newResolving(t, policyFiles, map[string]string{"chef-cli": chefCLI})
	r.write(map[string]string{"Policyfile.lock.json": "{"})
	r.instances[0].Provisioner.Chef.AlwaysUpdate = false
	require.ErrorContains(t, r.provisioner().Prepare(t.Context(), r.box), "Remove the file to have it made anew")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r = newResolving(t, policyFiles, map[string]string{"chef-cli": chefCLI})
	require.ErrorIs(t, r.provisioner().Prepare(ctx, r.box), context.Canceled)
}

// fakeWorkstation has one container, which is a directory of this machine: its /galley is there.
type fakeWorkstation struct {
	t      *testing.T
	dir    string
	opened []string
	closed int
}

func (w *fakeWorkstation) open(_ context.Context, image string) (Place, error) {
	w.opened = append(w.opened, image)
	if image == "none" {
		return nil, errors.New("no such image")
	}
	w.dir = w.t.TempDir()
	return fakeContainer{w}, nil
}

type fakeContainer struct{ w *fakeWorkstation }

func (c fakeContainer) here(s string) string {
	return strings.ReplaceAll(s, "/galley/", c.w.dir+"/galley/")
}

func (c fakeContainer) Exec(ctx context.Context, cmd runner.Command) (int, error) {
	for i, a := range cmd.Argv {
		cmd.Argv[i] = c.here(a)
	}
	cmd.WorkDir = c.here(cmd.WorkDir)
	return localRunner{c.w.dir}.Exec(ctx, cmd)
}

func (c fakeContainer) Upload(_ context.Context, dir string, files []sandbox.File) error {
	return sandbox.Sync(c.here(dir), files, nil)
}

func (c fakeContainer) Download(_ context.Context, from, to string) error {
	from = c.here(from)
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !st.IsDir() {
		text, err := os.ReadFile(from)
		return errors.Join(err, writeFile(to, string(text)))
	}
	files, err := sandbox.Tree(from, "", nil)
	return errors.Join(err, sandbox.Sync(to, files, nil))
}

func (c fakeContainer) Close(context.Context) error {
	c.w.closed++
	return nil
}

// Without chef-cli on this machine, or when told so, a container resolves; the lock file comes back.
func TestResolvesInContainer(t *testing.T) {
	r := newResolving(t, policyFiles, map[string]string{"chef": chefCLI})
	w := &fakeWorkstation{t: t}
	r.project.Workstation = w.open
	r.instances[0].Provisioner.Chef.Resolver = "container"
	files := r.prepare()
	require.Equal(t, []string{"chef/chefworkstation:latest"}, w.opened)
	require.Equal(t, 1, w.closed)
	require.Len(t, r.called(), 2)
	require.Contains(t, files, "policies/web.json")
	require.FileExists(t, filepath.Join(r.root, "Policyfile.lock.json"))
	require.NoFileExists(t, filepath.Join(w.dir, "galley", "project", ".kitchen", "galley", "cookbooks", "lock"))

	r.next()
	r.instances[0].Provisioner.Chef.ResolverImage = "none"
	require.ErrorContains(t, r.provisioner().Prepare(t.Context(), r.box),
		"no such image\nSet provisioner.resolver_image to an image that has chef-cli or chef.")

	r.next()
	r.instances[0].Provisioner.Chef.ResolverImage = "mine"
	r.write(map[string]string{"broken": ""})
	require.ErrorContains(t, r.provisioner().Prepare(t.Context(), r.box),
		"in a container of mine: `chef update /galley/project/Policyfile.rb` exited with code 3\nthe server is on fire")
	require.Equal(t, 2, w.closed)
}
