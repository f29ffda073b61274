package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/backend/spec"
)

// bareCommand makes this program the bare one.
const bareCommand = "bare"

// pidOne heeds SIGTERM, so that no engine waits for it.
const pidOne = "trap 'exit 0' TERM; while :; do sleep 86400 & wait $!; done"

// load is what a converge does.
type load struct {
	name, image string
	// tool is an image with the program that converges, or empty.
	tool string
	// yaml is for kitchen.yml, with files beside it. command does the same for the bare program, with bareFiles in
	// /opt/kitchen.
	yaml, command    string
	files, bareFiles map[string]string
}

func loads() []load {
	shell := func(name, command string) load {
		return load{name: name, image: "busybox", command: command,
			yaml: "provisioner: {name: shell, command: '" + command + "'}\n"}
	}
	const recipe = "file '/tmp/one' do\n  content 'one'\nend\n"
	metadata := map[string]string{"metadata.rb": "name 'one'\nversion '1.0.0'\n", "recipes/default.rb": recipe}
	cinc := load{name: "cinc", image: "debian", tool: "cincproject/cinc:15", files: metadata,
		yaml: "provisioner: {name: dokken, product_name: cinc, run_list: ['recipe[one]']}\n",
		command: "/opt/cinc/bin/cinc-client -z -l auto -F doc -c /opt/kitchen/client.rb -j /opt/kitchen/dna.json --force-formatter " +
			"--no-color --chef-zero-port 8889",
		bareFiles: map[string]string{"dna.json": `{"run_list": ["recipe[one]"]}`,
			"client.rb": "node_name 'one'\ncookbook_path ['/opt/kitchen/cookbooks']\nfile_cache_path '/opt/kitchen/cache'\n"}}
	for name, text := range metadata {
		cinc.bareFiles["cookbooks/one/"+name] = text
	}
	return []load{shell("no-op", "true"), shell("2-seconds", "sleep 2"), cinc}
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

// bare makes the calls that a test cannot do without: create, start, two execs, remove; and before them the ping that
// tells which engine it is. With a tool there are also its image, asked for by its name, and the files for it.
func bare(ctx context.Context, host, name, loadName string) (err error) {
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
	if len(l.bareFiles) > 0 {
		if err := be.CopyTo(ctx, c.ID, "/opt", archiveOf("kitchen", l.bareFiles)); err != nil {
			return err
		}
	}
	for _, line := range []string{l.command, "true"} {
		var out bytes.Buffer
		code, err := be.Exec(ctx, c.ID, backend.ExecSpec{Command: []string{"sh", "-c", line}, Stdout: &out, Stderr: &out})
		if err != nil {
			return err
		}
		if code != 0 {
			return fmt.Errorf("exit code %d: %s", code, out.String())
		}
	}
	return nil
}

// archiveOf is a tar of files below a directory.
func archiveOf(dir string, files map[string]string) *bytes.Buffer {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	write := func(h *tar.Header, text string) {
		// Writing to memory cannot fail.
		_ = w.WriteHeader(h)
		_, _ = w.Write([]byte(text))
	}
	made := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var parents []string
		for d := path.Dir(path.Join(dir, name)); d != "."; d = path.Dir(d) {
			parents = append(parents, d)
		}
		for _, d := range slices.Backward(parents) {
			if !made[d] {
				write(&tar.Header{Typeflag: tar.TypeDir, Name: d + "/", Mode: 0o755}, "")
			}
			made[d] = true
		}
		write(&tar.Header{Typeflag: tar.TypeReg, Name: path.Join(dir, name), Mode: 0o644, Size: int64(len(files[name]))}, files[name])
	}
	_ = w.Close()
	return &b
}
