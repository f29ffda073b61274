package lifecycle

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
)

// preview is what an action would do, a line for each step. It fails the test when that changes anything.
func (k *kitchen) preview(a Action, inst config.Instance) string {
	k.t.Helper()
	before := k.fileTimes()
	k.fake.ForgetCalls()
	r := k.run()
	p, err := r.Preview(k.t.Context(), a, inst)
	require.NoError(k.t, err)
	require.NoError(k.t, r.Close())
	looks := []string{"Info", "InspectImage", "ListImages", "InspectContainer", "ListContainers", "ListNetworks"}
	for _, c := range k.fake.Calls() {
		require.Contains(k.t, looks, c.Verb)
	}
	require.Equal(k.t, before, k.fileTimes())
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s: %s %s", s.Phase, s.Do, strings.ReplaceAll(s.What, k.project.ID, "ID"))
		if s.Why != "" {
			fmt.Fprintf(&b, " (%s)", s.Why)
		}
		b.WriteByte('\n')
	}
	for _, u := range p.Unknown {
		fmt.Fprintln(&b, "not known:", u)
	}
	return b.String()
}

// fileTimes are the files of the project and when each was changed.
func (k *kitchen) fileTimes() []string {
	k.t.Helper()
	var list []string
	require.NoError(k.t, filepath.WalkDir(k.project.Root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := d.Info()
		list = append(list, fmt.Sprint(name, st.ModTime(), st.Size()))
		return err
	}))
	return list
}

func TestPreviewOfATest(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Driver.Image, i.Services = "debian", twoServices()
	i.Hooks = map[string][]config.Hook{"pre_create": {{Local: "make keys"}}, "post_converge": {{Remote: "sync"}}}
	i.Driver.IntermediateInstructions = []string{"RUN true"}
	i.Provisioner.Idempotence = true
	k.change = func(o *Options) { o.Retry, o.Publish.Refs = 2, []string{"web:1"} }
	require.Equal(t, `destroy: skip there is no runner to remove
create: run on this machine: make keys (pre_create)
create: pull docker.io/library/debian:latest (the engine does not have it)
create: build the work image of the intermediate_instructions (unless it is there for the image that is pulled)
create: use docker.io/chef/chef:latest (the engine has it)
create: make the tool container (there is none of this image; an engine that mounts images needs none)
create: make the network dokken (there is none)
create: use docker.io/library/busybox:latest (the engine has it)
create: make the service db
create: use docker.io/library/busybox:latest (the engine has it)
create: make the service web
create: make the runner galley-ID-a
converge: run the provisioner dokken
converge: run the provisioner once more (it must change nothing the second time)
converge: run in the runner: sync (post_converge)
setup: skip there are no hooks of setup
verify: run the verifier shell, in the runner: true (up to 2 times more when tests fail (--retry))
publish: publish an image of the runner as web:1 (if its tests pass)
destroy: remove the runner and its services (--destroy passing: if all went well)
`, k.preview(ActionTest, i))
}

// What is there is kept, started or replaced, as converge then does.
func TestPreviewOfWhatIsThere(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Driver.IntermediateInstructions = []string{"RUN true"}
	require.Contains(t, k.preview("create", i), "create: build the work image localhost/galley-work:")
	require.NoError(t, k.do("converge", i))
	require.Equal(t, "converge: run the provisioner dokken\n", k.preview("converge", i))
	require.Equal(t, `setup: skip there are no hooks of setup
verify: run the verifier shell, in the runner: true
`, k.preview("verify", i))
	kept := k.preview("create", i)
	for _, line := range []string{"use the work image", "use the network dokken",
		"keep the runner galley-ID-a (it runs, and nothing changed in its configuration)"} {
		require.Contains(t, kept, line)
	}
	changed := i
	changed.Driver.Memory = 1 << 30
	require.Contains(t, k.preview("verify", changed),
		"create: replace the runner galley-ID-a (limits changed in its configuration)")
	k.change = func(o *Options) { o.NoRecreate = true }
	require.Contains(t, k.preview("create", changed), "create: keep the runner galley-ID-a (although limits changed")
	k.change = nil
	require.Equal(t, "destroy: remove the runner galley-ID-a\n", k.preview("destroy", i))
	require.NoError(t, k.fake.Stop(k.runners()[0].ID))
	require.Contains(t, k.preview("converge", i), "create: start the runner galley-ID-a (it is exited)")
	require.NoError(t, k.fake.RemoveContainer(t.Context(), k.runners()[0].ID))
	require.Contains(t, k.preview("converge", i), "create: make the runner galley-ID-a\n")
	require.NoError(t, k.do("destroy", i))

	i.Services, i.Driver.IntermediateInstructions = twoServices(), nil
	k.fake.OnExec(func(context.Context, backend.Container, backend.ExecSpec) (int, error) { return 0, nil })
	require.NoError(t, k.do("create", i))
	require.Contains(t, k.preview("create", i), "create: keep the service web")
	i.Services = i.Services[:1]
	services := k.preview("create", i)
	require.Contains(t, services, "create: replace the service db (the runner is replaced)")
	require.Contains(t, services, "create: remove the service web (kitchen.yml has it no more)")
	require.Contains(t, services, "create: replace the runner galley-ID-a (services changed in its configuration)")
	require.Contains(t, k.preview("destroy", i), "destroy: remove the service web\n")
}

func TestPreviewOfPulls(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	pull := func(p config.PullPolicy, image string) string {
		i.Driver.Image, i.Driver.PullPlatform = image, p
		_, after, _ := strings.Cut(k.preview("create", i), "create: ")
		line, _, _ := strings.Cut(after, "\n")
		return line
	}
	const busybox = " docker.io/library/busybox:latest "
	require.Equal(t, "pull"+busybox+"(the pull policy is always)", pull(config.PullAlways, "busybox"))
	require.Equal(t, "use"+busybox+"(the engine has it)", pull(config.PullNever, "busybox"))
	require.Contains(t, pull(config.PullNever, "other"), "fail docker.io/library/other:latest")
	i.Driver.OCIPlatform = "linux/s390x"
	require.Contains(t, pull(config.PullMissing, "busybox"), "and linux/s390x is wanted")
}

func TestPreviewOfReuse(t *testing.T) {
	k, i, _ := reuseKitchen(t)
	require.Contains(t, k.preview(ActionTest, i),
		"converge: run the provisioner dokken: recipe[web] (no checkpoint spares it: there is no checkpoint of it yet)\n")
	require.NoError(t, k.do(ActionTest, i))
	warm := k.preview(ActionTest, i)
	require.Contains(t, warm, "create: use the checkpoint ")
	require.Contains(t, warm, "create: skip in the runner: true (post_create, which the checkpoint has)")
	require.Contains(t, warm, "converge: skip converge, with its hooks (the checkpoint of ")
	k.write(map[string]string{"cookbooks/web/recipes/default.rb": "y"})
	require.Contains(t, k.preview(ActionTest, i), "changed: files of the sandbox)\n")
}

// Without an engine all that kitchen.yml and the record say is still told.
func TestPreviewWithoutAnEngine(t *testing.T) {
	k := newKitchen(t)
	k.usual = "fake://gone"
	i := chefInstance("a")
	got := k.preview(ActionTest, i)
	for _, line := range []string{"destroy: remove the runner (if there is one)",
		"create: pull docker.io/library/busybox:latest (if the engine does not have it)",
		"create: make the network dokken (if there is none)",
		"create: make the runner galley-ID-a\n",
		"not known: what is on the engine: ask fake://gone: "} {
		require.Contains(t, got, line)
	}
	require.Contains(t, k.preview("create", i),
		"create: make the runner galley-ID-a (unless there is one as kitchen.yml wants it)")
	for mode, line := range map[DestroyMode]string{DestroyAlways: "remove the runner (--destroy always: also after a failure)",
		DestroyNever: "keep the runner (--destroy never)"} {
		k.change = func(o *Options) { o.Destroy = mode }
		require.Contains(t, k.preview(ActionTest, i), "destroy: "+line)
	}
}

// A suite with steps converges in each of them.
func TestPreviewOfSteps(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Steps = []config.Step{{Name: "old", Provisioner: i.Provisioner, Verifier: i.Verifier, Converge: true, Verify: true},
		{Name: "new", Reboot: true, Commands: []config.Hook{{Remote: "sync"}}, Verifier: i.Verifier}}
	r := k.run()
	p, err := r.Preview(t.Context(), "verify", i)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	var got []string
	for _, s := range p.Steps {
		if s.Step != "" {
			got = append(got, string(s.Phase)+" "+s.Step)
		}
	}
	require.Equal(t, []string{"converge old", "verify old", "converge new", "converge new", "verify new"}, got)
}

// What nodes share is told before them.
func TestPreviewOfNodes(t *testing.T) {
	k := newKitchen(t)
	nodes := grouped(chefInstance("a"), twoServices(), "one", "two")
	r := k.run()
	list, err := r.Previews(t.Context(), ActionTest, nodes)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Len(t, list, 3)
	require.Equal(t, nodes[0].Node.Group.Name, list[0].Instance)
	require.Equal(t, PreviewStep{PhaseCreate, "", DeedMake, "the network of the nodes", ""}, list[0].Steps[0])
	require.Equal(t, "the service db", list[0].Steps[2].What)
	require.Equal(t, nodes[1].Name, list[2].Instance)
}
