package backend_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/credentials"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
)

// open opens whichever engine answers. The second result ends what was started for it.
func open(ctx context.Context) (backend.ContainerBackend, func()) {
	found, err := detect.Find(ctx, detect.ThisHost(), detect.Options{})
	if err != nil {
		log.Fatal(err) // with a line for each place that was asked, and what to do
	}
	engine, err := backend.Engines{docker.Engine(), podman.Engine()}.Open(found.Chosen)
	if err != nil {
		log.Fatal(err)
	}
	return engine, func() {
		_ = engine.Close()
		_ = found.Close() // the private service of Podman, if there was none
	}
}

// Open whichever engine is there, as galley does: DOCKER_HOST, Docker's contexts, Podman's connections, known sockets,
// and last a service of Podman that is started for it.
func Example_open() {
	ctx := context.Background()
	engine, end := open(ctx)
	defer end()

	info, err := engine.Info(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("cgroup version", info.CgroupVersion)
}

// Read which places were asked for an engine, and why each was taken or not.
func Example_reasons() {
	found, err := detect.Find(context.Background(), detect.ThisHost(), detect.Options{All: true, NoService: true})
	if err != nil {
		log.Print(err)
	}
	defer func() { _ = found.Close() }()
	for _, c := range found.Candidates {
		fmt.Println(c.Verdict, c.Source, c.Endpoint.URI, c.Reason, c.Remedy)
	}
}

// Run a command of one image in a container of another: the tool's volume is mounted, and neither image is changed.
func Example_tool() {
	ctx := context.Background()
	engine, end := open(ctx)
	defer end()

	tool, err := engine.InspectImage(ctx, "docker.io/chef/chef:latest")
	if err != nil {
		log.Fatal(err)
	}
	c, err := engine.CreateContainer(ctx, backend.ContainerSpec{
		Image:   "docker.io/library/busybox:latest",
		Command: []string{"sleep", "600"},
		Labels:  backend.Labels{"com.example.owner": "docs"},
		Tools:   []backend.Tool{{Image: tool.ID, Path: "/opt/chef"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = engine.RemoveContainer(ctx, c.ID) }()
	for _, weaker := range c.Warnings {
		fmt.Println(weaker)
	}
	if err := engine.StartContainer(ctx, c.ID); err != nil {
		log.Print(err)
		return
	}
	code, err := engine.Exec(ctx, c.ID, backend.ExecSpec{
		Command: []string{"/opt/chef/bin/chef-client", "--version"}, Stdout: os.Stdout, Stderr: os.Stderr,
	})
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println("exit code", code)
}

// Build an image of a Dockerfile that is in memory.
func Example_build() {
	ctx := context.Background()
	engine, end := open(ctx)
	defer end()

	dockerfile := "FROM docker.io/library/busybox:latest\nRUN echo built > /etc/built\n"
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	_ = w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile))})
	_, _ = w.Write([]byte(dockerfile))
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	image, err := engine.BuildImage(ctx, backend.BuildOptions{Context: &files, Tag: "localhost/example-built:latest", Output: os.Stderr})
	if err != nil {
		log.Fatal(err) // backend.ErrBuildFailed, with what the failing step printed
	}
	fmt.Println("built", image.Platform())
	if err := engine.RemoveImage(ctx, image.ID); err != nil {
		log.Print(err)
	}
}

// Pull with the login that Docker's or Podman's own files and helpers have for the image's registry.
func Example_pull() {
	ctx := context.Background()
	engine, end := open(ctx)
	defer end()

	ref, err := backend.NormalizeRef(os.Getenv("IMAGE")) // such as registry.example.com/team/web:1.4
	if err != nil {
		log.Fatal(err)
	}
	finder := credentials.Finder{Home: os.Getenv("HOME"), UID: os.Getuid(), Getenv: os.Getenv}
	login, err := finder.Find(ctx, ref, credentials.Source{DockerConfig: true})
	if err != nil {
		log.Print(err) // a helper that is missing; the image may be public
	}
	image, err := engine.PullImage(ctx, backend.PullOptions{Ref: ref, Credentials: login})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("pulled", image.Platform())
}
