package podman

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// CopyTo unpacks a tar stream by PUT /containers/{id}/archive. Podman makes a
// directory that is missing and says nothing, so it takes a look beforehand.
func (b *Backend) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	op := "copy to " + dir + " in container " + id
	if _, err := b.madeUp(ctx, id, dir); err != nil {
		return wrap(op, err)
	}
	if err := b.requireDir(ctx, op, id, dir); err != nil {
		return err
	}
	body := engine.NewLocalReader(tar)
	err := b.call(ctx, request{
		op: op, path: "PUT /containers/%s/archive", arg: id,
		// By default libpod gives what it unpacks to the container's user.
		query:  url.Values{"path": {dir}, "copyUIDGID": {"false"}},
		header: http.Header{"Content-Type": {"application/x-tar"}},
		body:   body,
	}, nil)
	if local := body.Failure(nil); local != nil {
		return wrap(op, local)
	}
	return err
}

// requireDir looks at a path by HEAD /containers/{id}/archive. Errors: backend.ErrNotFound when it is not there,
// backend.ErrInvalid when it is no directory.
func (b *Backend) requireDir(ctx context.Context, op, id, dir string) error {
	resp, err := b.send(ctx, request{
		op: op, path: "HEAD /containers/%s/archive", arg: id, query: url.Values{"path": {dir}},
	})
	if errors.Is(err, backend.ErrNotFound) {
		// The answer to HEAD has no words.
		return &backend.Error{Op: op, Kind: backend.ErrNotFound,
			Detail: "there is no such directory, or no such container", Err: err}
	}
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return wrap(op, err)
	}
	stat, err := base64.URLEncoding.DecodeString(resp.Header.Get("X-Docker-Container-Path-Stat"))
	if err != nil {
		return fmt.Errorf("%s: read what is there: %w", op, err)
	}
	var answer struct {
		Mode  fs.FileMode `json:"mode"`
		IsDir bool        `json:"isDir"`
	}
	if err := json.Unmarshal(stat, &answer); err != nil {
		return fmt.Errorf("%s: read what is there: %w", op, err)
	}
	if !answer.IsDir && !answer.Mode.IsDir() {
		return &backend.Error{Op: op, Kind: backend.ErrInvalid, Detail: dir + " is not a directory"}
	}
	return nil
}

// CopyFrom returns a tar stream by GET /containers/{id}/archive. Files that are made up as
// they are read have no size, and Podman sends nothing of them.
func (b *Backend) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	op := "copy " + path + " from container " + id
	switch file, err := b.madeUp(ctx, id, path); {
	case err != nil:
		return nil, wrap(op, err)
	case file:
		stream, err := engine.ReadMadeUp(ctx, b, id, path)
		return stream, wrap(op, err)
	}
	resp, err := b.send(ctx, request{
		op: op, path: "GET /containers/%s/archive", arg: id, query: url.Values{"path": {path}},
	})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// madeUp reports whether a path of a running container is a file that is made up as it is read. A directory of such
// files is an error: Podman says "no such file" for some of them, and sends nothing of others.
func (b *Backend) madeUp(ctx context.Context, id, path string) (file bool, err error) {
	if !engine.Below("/proc", path) && !engine.Below("/sys", path) {
		return false, nil
	}
	view, ok, err := engine.LookAs(ctx, b, id, path)
	if err != nil || !ok {
		return false, err
	}
	over, _ := view.Over(path)
	if !over.IsPseudo() {
		return false, nil
	}
	if view.Kind == "d" {
		return false, engine.MadeUpDirError("Podman", path, over)
	}
	return view.Kind == "f", nil
}
