package lifecycle

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// work makes the image of the platform plus the intermediate instructions. It is
// named by the digest of what it is made from, so instances, runs and projects
// that want the same share it.
func (e *engine) work(ctx context.Context, w *worker, from backend.Image) (backend.Image, error) {
	d := w.inst.Driver
	files, err := buildContext(d.BuildContext, workDockerfile(from.ID, d.IntermediateInstructions))
	if err != nil {
		return backend.Image{}, fmt.Errorf("driver.build_context: %w", err)
	}
	digest, err := contextDigest(files, d.BuildArgs, d.OCIPlatform)
	if err != nil {
		return backend.Image{}, fmt.Errorf("driver.build_context: %w", err)
	}
	tag := "localhost/galley-work:" + digest
	return e.works.do(tag, func() (_ backend.Image, err error) {
		unlock, err := e.run.machineLock(ctx, tag, func(s string) { w.notice(LevelInfo, s) })
		if err != nil {
			return backend.Image{}, err
		}
		defer func() { err = errors.Join(err, unlock()) }()
		if img, err := e.InspectImage(ctx, tag); !errors.Is(err, backend.ErrNotFound) {
			return img, err
		}
		w.notice(LevelInfo, "building the work image from the intermediate instructions")
		stdout, _, flush := w.output()
		var log bytes.Buffer
		pr, pw := io.Pipe()
		go func() { pw.CloseWithError(writeContext(pw, files)) }()
		img, err := e.BuildImage(ctx, backend.BuildOptions{Context: pr, Tag: tag, Args: d.BuildArgs, Platform: d.OCIPlatform,
			Labels: e.run.labels(backend.RoleWork), Output: &log})
		pr.Close()
		if err != nil {
			_, _ = log.WriteTo(stdout) // a lineWriter never fails
		}
		flush()
		return img, err
	})
}

// buildContext is the directory for COPY and ADD, if there is one, with the
// Dockerfile.
func buildContext(dir, dockerfile string) ([]sandbox.File, error) {
	var files []sandbox.File
	if dir != "" {
		tree, err := sandbox.Tree(dir, "", func(rel string, isDir bool) bool {
			return rel == "Dockerfile" || (isDir && (rel == ".git" || rel == ".kitchen"))
		})
		if err != nil {
			return nil, err
		}
		files = tree
	}
	return append(files, sandbox.File{Path: "Dockerfile", Data: []byte(dockerfile)}), nil
}

func contextDigest(files []sandbox.File, args map[string]string, platform string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q\n", platform, fmt.Sprint(args)) // maps print in order
	for _, f := range files {
		fmt.Fprintf(sum, "%q %o\n", f.Path, f.Mode)
		if f.Source == "" {
			sum.Write(f.Data)
			continue
		}
		if err := copyFile(sum, f.Source); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:32], nil
}

func writeContext(to io.Writer, files []sandbox.File) error {
	tw := tar.NewWriter(to)
	for _, f := range files {
		h := &tar.Header{Name: f.Path, Mode: 0o644, Size: int64(len(f.Data)), Typeflag: tar.TypeReg}
		if f.Source != "" {
			st, err := os.Stat(f.Source)
			if err != nil {
				return err
			}
			h.Mode, h.Size, h.ModTime = int64(st.Mode().Perm()), st.Size(), st.ModTime()
		}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		var err error
		if f.Source != "" {
			err = copyFile(tw, f.Source)
		} else {
			_, err = tw.Write(f.Data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return tw.Close()
}

func copyFile(to io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(to, in)
	return err
}

// upload sends a sandbox to a runner whose engine does not see it.
func (w *worker) upload(ctx context.Context, box sandbox.Dir) error {
	files, err := sandbox.Tree(box.Local, "", nil)
	if err != nil {
		return fmt.Errorf("upload the sandbox: %w", err)
	}
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(writeContext(pw, files)) }()
	err = w.eng.CopyTo(ctx, w.container.ID, box.Remote, pr)
	pr.Close()
	if err != nil {
		return fmt.Errorf("upload the sandbox: %w", err)
	}
	return nil
}

// download unpacks a path of a container below to. Entries cannot leave it.
func download(ctx context.Context, be backend.Containers, id, from, to string) error {
	rc, err := be.CopyFrom(ctx, id, from)
	if err != nil {
		return err
	}
	defer rc.Close()
	tr := tar.NewReader(rc)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what the engine sends: %w", err)
		}
		// The first part is the base name of the path itself; to takes its place.
		_, rel, _ := strings.Cut(strings.TrimSuffix(h.Name, "/"), "/")
		if rel != "" && !filepath.IsLocal(filepath.FromSlash(rel)) {
			return fmt.Errorf("the engine sent %q, which is outside of %s", h.Name, from)
		}
		path := filepath.Join(to, filepath.FromSlash(rel))
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(path, 0o755)
		case tar.TypeReg:
			err = unpackFile(path, tr, os.FileMode(h.Mode).Perm())
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(path string, from io.Reader, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Close())
}
