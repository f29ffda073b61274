package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"runtime"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Digest is a digest of words and of files as Write would send them: their paths, kinds,
// permissions and content. Every part stands behind its length, so no two different
// inputs make the same stream of bytes.
func Digest(words []string, files []sandbox.File) (string, error) {
	sum := sha256.New()
	number(sum, len(words))
	for _, w := range words {
		framed(sum, w)
	}
	number(sum, len(files))
	for _, f := range files {
		if err := digestFile(sum, f); err != nil {
			return "", fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func number(sum hash.Hash, n int) { sum.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func framed(sum hash.Hash, s string) {
	number(sum, len(s))
	io.WriteString(sum, s) //nolint:errcheck // a hash never fails
}

func digestFile(sum hash.Hash, f sandbox.File) error {
	framed(sum, f.Path)
	switch {
	case f.Dir:
		framed(sum, "directory")
		number(sum, int(modeOf(f, 0o755)))
	case f.Link != "":
		framed(sum, "link")
		framed(sum, f.Link)
	case f.Source == "":
		framed(sum, "file")
		number(sum, int(modeOf(f, 0o644)))
		framed(sum, string(f.Data))
	default:
		in, st, err := sandbox.OpenRegular(f.Source)
		if err != nil {
			return err
		}
		defer in.Close()
		framed(sum, "file")
		number(sum, int(modeOf(f, modeFor(runtime.GOOS, st.Mode()))))
		number(sum, int(st.Size()))
		_, err = io.CopyN(sum, in, st.Size())
		return err
	}
	return nil
}
