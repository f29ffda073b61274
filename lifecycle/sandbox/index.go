package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// record is what a sandbox has of a file: the source's stamp when it was copied, and
// the copy's own. When both are as they were, the copy is right.
type record struct{ source, copy stamp }

// index has the records of a sandbox by path. It lies beside the sandbox, where no runner can write.
type index map[string]record

// indexSuffix follows the sandbox's name in that of its index.
const indexSuffix = ".index"

// indexHead begins an index file; another version has another one.
const indexHead = "galley sandbox 1\n"

// maxIndex is how large an index file may be: room for ten million files.
const maxIndex = 2 << 30

// digestStamp stands for the stamp of what has no file.
func digestStamp(sum [sha256.Size]byte) stamp {
	return stamp{device: binary.LittleEndian.Uint64(sum[0:]), inode: binary.LittleEndian.Uint64(sum[8:]),
		changed: int64(binary.LittleEndian.Uint64(sum[16:])), modified: int64(binary.LittleEndian.Uint64(sum[24:])), size: -1}
}

// loadIndex reads the index of the sandbox name in dir. One that is missing or damaged
// has nothing in it: all files are copied again.
func loadIndex(dir *os.Root, name string) (index, error) {
	// It is a file of galley's own, but the project may have come with it.
	st, err := dir.Lstat(name + indexSuffix)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!st.Mode().IsRegular() || st.Size() > maxIndex) {
		return index{}, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := dir.ReadFile(name + indexSuffix)
	return decodeIndex(data), err
}

func decodeIndex(data []byte) index {
	if len(data) < len(indexHead) || string(data[:len(indexHead)]) != indexHead {
		return index{}
	}
	data = data[len(indexHead):]
	x := make(index, len(data)/recordSize/2)
	all := string(data) // all paths are parts of one string, which is made much faster than many
	for len(data) > 0 {
		n, width := binary.Uvarint(data)
		if width <= 0 || n > uint64(len(data)-width) || len(data)-width-int(n) < recordSize {
			return index{}
		}
		start := len(all) - len(data) + width
		var r record
		rest := r.source.decode(data[width+int(n):])
		data = r.copy.decode(rest)
		x[all[start:start+int(n)]] = r
	}
	return x
}

// stampSize and recordSize are in bytes of an index file.
const (
	stampSize  = 5 * 8
	recordSize = 2 * stampSize
)

func (s *stamp) decode(b []byte) []byte {
	u := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	*s = stamp{device: u(0), inode: u(1), changed: int64(u(2)), modified: int64(u(3)), size: int64(u(4))}
	return b[stampSize:]
}

func (s *stamp) append(b []byte) []byte {
	for _, n := range []uint64{s.device, s.inode, uint64(s.changed), uint64(s.modified), uint64(s.size)} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

// saveIndex writes the index of the sandbox name in dir. A file with no record, one
// that could not be written for example, is left out.
func saveIndex(dir *os.Root, name string, root *folder) error {
	data := root.appendTo([]byte(indexHead), "")
	file, tmp := name+indexSuffix, name+indexSuffix+".new"
	_, err := replace(dir, tmp, bytes.NewReader(data), 0o600, nil)
	if err == nil {
		err = errors.Join(dir.RemoveAll(file), dir.Rename(tmp, file))
	}
	if err != nil {
		return fmt.Errorf("remember what the sandbox holds: %w", err)
	}
	return nil
}

func (f *folder) appendTo(b []byte, prefix string) []byte {
	for name, file := range f.files {
		if file.copied == (record{}) {
			continue
		}
		b = binary.AppendUvarint(slices.Grow(b, recordSize+len(prefix)+len(name)), uint64(len(prefix)+len(name)))
		b = append(append(b, prefix...), name...)
		b = file.copied.copy.append(file.copied.source.append(b))
	}
	for name, below := range f.folders {
		b = below.appendTo(b, prefix+name+"/")
	}
	return b
}
