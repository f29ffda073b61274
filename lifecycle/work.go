package lifecycle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/archive"
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
		go func() { pw.CloseWithError(archive.Write(pw, files)) }()
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

func copyFile(to io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(to, in)
	return err
}
