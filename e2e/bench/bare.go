//go:build !windows

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// bareCommand makes this program the bare one, bareNoConverge the one that only creates, verifies and destroys.
const (
	bareCommand    = "bare"
	bareNoConverge = "no-converge"
)

// pidOne heeds SIGTERM, so that no engine waits for it.
const pidOne = "trap 'exit 0' TERM; while :; do sleep 86400 & wait $!; done"

// load is what a converge does.
type load struct {
	name, image string
	// tool is an image with the program that converges, or empty.
	tool string
	// yaml is for kitchen.yml, with files beside it; env sets variables of the runner. command does the same for the
	// bare program, with bareFiles in /opt/kitchen.
	yaml, env, command string
	files, bareFiles   map[string]string
	// slow is a converge of seconds, which a checkpoint spares.
	slow bool
}

func loads() []load {
	shell := func(name, command string) load {
		return load{name: name, image: "busybox", command: command,
			yaml: "provisioner: {name: shell, command: '" + command + "'}\n"}
	}
	const recipe = "file '/tmp/one' do\n  content 'one'\nend\n"
	metadata := map[string]string{"metadata.rb": "name 'one'\nversion '1.0.0'\n", "recipes/default.rb": recipe}
	cinc := load{name: "cinc", image: "debian", tool: "cincproject/cinc:15", files: metadata, slow: true,
		yaml: "provisioner: {name: dokken, product_name: cinc, run_list: ['recipe[one]']}\n",
		command: "/opt/cinc/bin/cinc-client -z -l auto -F doc -c /opt/kitchen/client.rb -j /opt/kitchen/dna.json " +
			"--force-formatter --no-color --chef-zero-port 8889",
		bareFiles: map[string]string{"dna.json": `{"run_list": ["recipe[one]"]}`,
			"client.rb": "node_name 'one'\ncookbook_path ['/opt/kitchen/cookbooks']\nfile_cache_path '/opt/kitchen/cache'\n"}}
	for name, text := range metadata {
		cinc.bareFiles["cookbooks/one/"+name] = text
	}
	sleep := shell("2-seconds", "sleep 2")
	sleep.slow = true
	return []load{shell("no-op", "true"), sleep, cinc}
}

// open opens an engine by its address.
func open(ctx context.Context, host string) (backend.ContainerBackend, backend.Endpoint, error) {
	found, err := detect.Find(ctx, detect.ThisHost(), detect.Options{Host: host, HostSource: "the command line"})
	if err != nil {
		return nil, backend.Endpoint{}, err
	}
	be, err := backend.Engines{docker.Engine(), podman.Engine()}.Open(found.Chosen)
	return be, found.Chosen, err
}

// owner is another user of this machine.
type owner struct{ uid, gid int }

// ownerOf is who an engine's socket belongs to, nil where that is this user, or this user cannot become another one.
func ownerOf(host string) (*owner, error) {
	u, err := url.Parse(host)
	if err != nil || u.Scheme != "unix" || os.Getuid() != 0 {
		return nil, err
	}
	info, err := os.Stat(u.Path)
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return nil, nil
	}
	return &owner{int(stat.Uid), int(stat.Gid)}, nil
}

// runs has a command run as that user.
func (o *owner) runs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}}
}

// engineName is what the page calls an engine: its address is of no use to readers.
func engineName(host string) (string, error) {
	be, ep, err := open(context.Background(), host)
	if err != nil {
		return "", err
	}
	info, err := be.Info(context.Background())
	return info.Flavor + " " + ep.EngineVersion, errors.Join(err, be.Close())
}

// here reports whether an engine has the images of a load.
func (l load) here(host string) (_ bool, err error) {
	be, _, err := open(context.Background(), host)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, be.Close()) }()
	for _, ref := range []string{l.image, l.tool} {
		full, err := backend.NormalizeRef(ref)
		if ref == "" {
			continue
		}
		if err == nil {
			_, err = be.InspectImage(context.Background(), full)
		}
		if errors.Is(err, backend.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// bare makes the calls that a test cannot do without: create, start, two commands, remove; and before them the ping
// that tells which engine it is. With a tool there is also its image, asked for by its name. As in a test, the runner
// has the directories of provisioner and verifier mounted, with what the converge needs. It prints how long the
// converge took.
func bare(ctx context.Context, host, name, loadName string, converge bool) (err error) {
	all := loads()
	l := all[slices.IndexFunc(all, func(l load) bool { return l.name == loadName })]
	be, _, err := open(ctx, host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, be.Close()) }()
	image, err := backend.NormalizeRef(l.image)
	if err != nil {
		return err
	}
	s := backend.ContainerSpec{Name: name, Image: image, Entrypoint: []string{"sh", "-c", pidOne},
		Network: backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: "dokken"}}
	dir, err := os.MkdirTemp("", "galley-bench-bare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range []string{"kitchen", "verifier"} {
		source := filepath.Join(dir, name)
		if err := os.Mkdir(source, 0o755); err != nil {
			return err
		}
		s.Mounts = append(s.Mounts, spec.Mount{Type: spec.MountBind, Source: source, Target: "/opt/" + name, Own: true})
	}
	if err := writeFiles(filepath.Join(dir, "kitchen"), l.bareFiles); err != nil {
		return err
	}
	if l.tool != "" {
		ref, err := backend.NormalizeRef(l.tool)
		if err != nil {
			return err
		}
		tool, err := be.InspectImage(ctx, ref)
		if err != nil {
			return err
		}
		s.Tools = []backend.Tool{{Image: tool.ID}}
	}
	c, err := be.CreateContainer(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, be.RemoveContainer(context.WithoutCancel(ctx), c.ID)) }()
	if err := be.StartContainer(ctx, c.ID); err != nil {
		return err
	}
	if converge {
		start := time.Now()
		if err := run(ctx, be, c.ID, l.command); err != nil {
			return err
		}
		fmt.Println(convergeTook, time.Since(start))
	}
	return run(ctx, be, c.ID, "true")
}

// removeCheckpoints removes the checkpoints from an engine that a project made, and those that came from a repository.
func removeCheckpoints(host, project, repository string) (err error) {
	ctx := context.Background()
	be, _, err := open(ctx, host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, be.Close()) }()
	images, err := be.ListImages(ctx, backend.Labels{label.Role: label.RoleCheckpoint})
	for _, i := range images {
		pulled := slices.ContainsFunc(i.Tags, func(tag string) bool { return strings.HasPrefix(tag, repository+":") })
		if pulled || i.Labels[label.Project] == project {
			err = errors.Join(err, be.RemoveImage(ctx, i.ID))
		}
	}
	return err
}

// run runs a command in a container. It fails when that does.
func run(ctx context.Context, be backend.ContainerBackend, id, command string) error {
	var out bytes.Buffer
	code, err := be.Exec(ctx, id, backend.ExecSpec{Command: []string{"sh", "-c", command}, Stdout: &out, Stderr: &out})
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, out.String())
	}
	return err
}

// writeFiles writes files below a directory.
func writeFiles(dir string, files map[string]string) error {
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
