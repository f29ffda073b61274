// Package archive moves files in and out of containers as tar streams, the only form that every engine takes.
package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"time"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// epoch is the time of files that have none of their own, so that the same content makes the same stream.
var epoch = time.Unix(0, 0)

// Write writes files as a tar stream. They belong to root, whatever owner they have
// here; directories above them come first.
func Write(to io.Writer, files []sandbox.File) error { return write(to, files, true) }

// write is Write; without dated all files have the same time.
func write(to io.Writer, files []sandbox.File, dated bool) error {
	tw := tar.NewWriter(to)
	made := map[string]bool{".": true}
	for _, f := range files {
		if err := writeParents(tw, path.Dir(f.Path), made); err != nil {
			return err
		}
		made[f.Path] = f.Dir
		if err := writeFile(tw, f, dated); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return tw.Close()
}

func writeParents(tw *tar.Writer, dir string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := writeParents(tw, path.Dir(dir), made); err != nil {
		return err
	}
	made[dir] = true
	return tw.WriteHeader(dirHeader(dir, 0o755))
}

func dirHeader(name string, mode fs.FileMode) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: int64(mode.Perm()), ModTime: epoch}
}

func writeFile(tw *tar.Writer, f sandbox.File, dated bool) error {
	switch {
	case f.Dir:
		return tw.WriteHeader(dirHeader(f.Path, modeFor(runtime.GOOS, modeOf(f, 0o755))))
	case f.Link != "":
		return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: f.Path, Linkname: f.Link, Mode: 0o777,
			ModTime: epoch})
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Path, Mode: int64(modeOf(f, 0o644)), Size: int64(len(f.Data)),
		ModTime: epoch}
	content := io.Reader(bytes.NewReader(f.Data))
	if f.Source != "" {
		in, st, err := sandbox.OpenRegular(f.Source)
		if err != nil {
			return err
		}
		defer in.Close()
		content, h.Size = in, st.Size()
		if dated {
			h.ModTime = st.ModTime()
		}
		h.Mode = int64(modeOf(f, modeFor(runtime.GOOS, st.Mode())))
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	// A file that grows meanwhile is cut at the size that was announced.
	_, err := io.CopyN(tw, content, h.Size)
	return err
}

// modeOf are the permissions that a file is sent with; usual are those of one that says nothing of its own.
func modeOf(f sandbox.File, usual fs.FileMode) fs.FileMode {
	if f.Mode == 0 {
		return usual
	}
	return f.Mode.Perm()
}

// modeFor is a file's mode in a container. Windows knows of no permission to execute, so everything from there has it.
func modeFor(goos string, mode fs.FileMode) fs.FileMode {
	if goos == "windows" {
		return mode.Perm() | 0o755
	}
	return mode.Perm()
}

// Digest is a digest of words and of files as Write would send them, but for their times. Both tell where they end, so
// no two different inputs make the same stream of bytes.
func Digest(words []string, files []sandbox.File) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q", words)
	if err := write(sum, files, false); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
