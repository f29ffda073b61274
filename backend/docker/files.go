package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/client"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// Docker's archive requests see a container's layers and volumes, but not what is mounted
// in it beyond that: a tmpfs, /proc, what systemd mounts. There they would act on files
// that no process of the container sees, and answer that all is well. Such places are
// reached by tar in the container.

// CopyTo unpacks a tar stream in a container, by PUT /containers/{id}/archive, or by tar in
// the container where that would act on what its processes do not see. The numbers of users
// and groups in the stream are kept.
func (b *Backend) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	op := "copy to " + dir + " in container " + id
	cli, err := b.api(ctx)
	if err != nil {
		return wrap(op, err)
	}
	hidden, err := b.isHidden(ctx, cli, id, dir)
	if err != nil {
		return wrap(op, err)
	}
	body := engine.NewLocalReader(tar)
	if hidden {
		var words bytes.Buffer
		code, err := b.Exec(ctx, id, backend.ExecSpec{User: "0", Stdin: body, Stderr: limited(&words),
			Command: []string{"tar", "-x", "-p", "-f", "-", "-C", dir}})
		return wrap(op, body.Failure(tarFailure(op, dir, code, words.String(), err)))
	}
	err = cli.CopyToContainer(ctx, id, dir, body, container.CopyToContainerOptions{})
	return wrap(op, body.Failure(err))
}

// CopyFrom returns a tar stream of path, by GET /containers/{id}/archive, or by tar in the
// container where that would act on what its processes do not see.
func (b *Backend) CopyFrom(ctx context.Context, id, name string) (io.ReadCloser, error) {
	op := "copy " + name + " from container " + id
	cli, err := b.api(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	hidden, err := b.isHidden(ctx, cli, id, name)
	if err != nil {
		return nil, wrap(op, err)
	}
	if hidden {
		return b.copyByTar(ctx, op, id, name)
	}
	stream, _, err := cli.CopyFromContainer(ctx, id, name)
	if err != nil {
		return nil, wrap(op, err)
	}
	return stream, nil
}

// copyByTar is CopyFrom by tar in the container. That something is not there is told before
// there is a stream, and any later failure at its end.
func (b *Backend) copyByTar(ctx context.Context, op, id, name string) (io.ReadCloser, error) {
	name = path.Clean(name)
	for _, dir := range kernelDirs() {
		if within(name, dir) {
			return nil, unsupported(facts{engine: b.engineName()}, "copying from "+dir+", where files have no size",
				"Read the file by a command: galley exec INSTANCE -c 'cat "+name+"'")
		}
	}
	code, err := b.Exec(ctx, id, backend.ExecSpec{User: "0", Command: []string{"test", "-e", name, "-o", "-h", name}})
	switch {
	case err != nil:
		return nil, wrap(op, err)
	case code == 1:
		return nil, &backend.Error{Op: op, Kind: backend.ErrNotFound, Detail: "there is no such file"}
	case code != 0:
		return nil, tarFailure(op, name, codeNotFound, "", nil)
	}
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var words bytes.Buffer
		code, err := b.Exec(ctx, id, backend.ExecSpec{User: "0", Stdout: w, Stderr: limited(&words),
			Command: []string{"tar", "-c", "-f", "-", "-C", path.Dir(name), path.Base(name)}})
		_ = w.CloseWithError(tarFailure(op, name, code, words.String(), err)) // nil is the end of the stream
	}()
	return &tarStream{PipeReader: r, cancel: cancel, done: done}, nil
}

// tarStream is the output of tar in a container.
type tarStream struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   <-chan struct{}
}

// Close ends the command, if it still runs, and waits for that.
func (s *tarStream) Close() error {
	err := s.PipeReader.Close()
	s.cancel()
	<-s.done
	return err
}

// tarFailure is what kept tar in a container from its work, or nil.
func tarFailure(op, name string, code int, words string, err error) error {
	switch {
	case err != nil:
		return err
	case code == 0:
		return nil
	case code == codeNotFound || code == codeCannotRun:
		return &backend.Error{Op: op, Kind: backend.ErrUnsupported,
			Detail: name + " is on a file system that only the container's processes see, and it has no tar to copy with",
			Remedy: "Install tar in the image, or copy to another directory."}
	}
	return &backend.Error{Op: op, Kind: kindOfTar(words), Detail: strings.TrimSpace(words),
		Err: fmt.Errorf("tar in the container ended with code %d", code)}
}

// kindOfTar is what tar's words mean.
func kindOfTar(words string) error {
	if strings.Contains(words, "No such file") || strings.Contains(words, "can't change directory") {
		return backend.ErrNotFound
	}
	if strings.Contains(words, "No space left") {
		return backend.ErrNoSpace
	}
	return nil
}

// maxWords is how much of a command's complaints is kept.
const maxWords = 4 << 10

// limited keeps the beginning of what is written.
func limited(b *bytes.Buffer) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		b.Write(p[:max(0, min(len(p), maxWords-b.Len()))])
		return len(p), nil
	})
}

// kernelDirs are where the kernel shows itself as files.
func kernelDirs() []string { return []string{"/proc", "/sys"} }

// suspects are the directories in which a process of the container, such as systemd, is
// likely to have mounted something, or that every container has a file system of its own at.
func suspects() []string { return []string{"/dev", "/proc", "/run", "/sys", "/tmp", "/var"} }

// isHidden reports whether an archive request would act on something else than what the
// container's processes see at a path: when a file system lies there that is neither the
// container's own nor a volume nor a bind. Errors: backend.ErrInvalid for a container that
// does not run and has a tmpfs there, which is not there yet.
func (b *Backend) isHidden(ctx context.Context, cli *client.Client, id, name string) (bool, error) {
	answer, err := cli.ContainerInspect(ctx, id)
	if err != nil {
		return false, err
	}
	declared := declaredTmpfs(answer)
	running := answer.ContainerJSONBase != nil && answer.State != nil && answer.State.Running && !answer.State.Paused
	if !running {
		for _, dir := range declared {
			if within(path.Clean(name), dir) {
				return false, &backend.Error{Op: "container " + id, Kind: backend.ErrNotRunning,
					Detail: name + " is on a tmpfs, which is there only while the container runs", Remedy: "Start the container first."}
			}
		}
		return false, nil
	}
	if len(declared) == 0 && !slices.ContainsFunc(suspects(), func(dir string) bool { return within(path.Clean(name), dir) }) {
		return false, nil
	}
	mounts, at, err := b.seenMounts(ctx, id, name)
	if errors.Is(err, errNoShell) {
		// Without a shell in it there is no systemd either.
		return slices.ContainsFunc(append(declared, "/dev", "/proc", "/sys"), func(dir string) bool { return within(path.Clean(name), dir) }), nil
	}
	if err != nil {
		return false, err
	}
	visible := map[string]bool{"/": true, "/etc/hosts": true, "/etc/hostname": true, "/etc/resolv.conf": true}
	for _, m := range answer.Mounts {
		if m.Type != mount.TypeTmpfs {
			visible[m.Destination] = true
		}
	}
	nearest := "/"
	for _, m := range mounts {
		if within(at, m) && len(m) >= len(nearest) {
			nearest = m
		}
		if within(m, at) && m != at && !visible[m] {
			return true, nil // below a directory that is copied
		}
	}
	return !visible[nearest], nil
}

// declaredTmpfs are the places of the file systems in memory that a container was made with.
func declaredTmpfs(answer container.InspectResponse) []string {
	var dirs []string
	if answer.ContainerJSONBase != nil && answer.HostConfig != nil {
		for dir := range answer.HostConfig.Tmpfs {
			dirs = append(dirs, path.Clean(dir))
		}
	}
	for _, m := range answer.Mounts {
		if m.Type == mount.TypeTmpfs {
			dirs = append(dirs, path.Clean(m.Destination))
		}
	}
	return dirs
}

// within reports whether name is dir or lies below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

var errNoShell = errors.New("there is no shell in the container")

// maxMounts bounds what is read of a container's table of mounts.
const maxMounts = 1 << 20

// seenMounts returns where the file systems are that a container's processes see, and what
// a path really is, with the links of its directory followed. Errors: errNoShell.
func (b *Backend) seenMounts(ctx context.Context, id, name string) (mounts []string, at string, err error) {
	const script = `cd "$1" 2>/dev/null && pwd -P || { cd "$2" 2>/dev/null && echo "$(pwd -P)/$3" || echo "$1"; }; cat /proc/self/mounts`
	name = path.Clean(name)
	var out bytes.Buffer
	code, err := b.Exec(ctx, id, backend.ExecSpec{User: "0",
		Command: []string{"/bin/sh", "-c", script, "sh", name, path.Dir(name), path.Base(name)},
		Stdout: writerFunc(func(p []byte) (int, error) {
			if out.Len()+len(p) > maxMounts {
				return 0, &engine.LongError{What: "table of mounts", Limit: maxMounts}
			}
			return out.Write(p)
		})})
	if err != nil {
		return nil, "", err
	}
	if code == codeNotFound || code == codeCannotRun {
		return nil, "", errNoShell
	}
	first, rest, _ := strings.Cut(out.String(), "\n")
	for _, line := range strings.Split(rest, "\n") {
		if fields := strings.Fields(line); len(fields) > 1 {
			mounts = append(mounts, strings.ReplaceAll(fields[1], `\040`, " "))
		}
	}
	return mounts, path.Clean(first), nil
}
