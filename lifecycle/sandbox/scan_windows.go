package sandbox

import (
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// nonBlock has no meaning on Windows.
const nonBlock = 0

// entriesOf lists an open directory. Windows tells all about its files with it.
func entriesOf(f *os.File) ([]entry, error) {
	list, err := f.ReadDir(-1)
	entries := make([]entry, 0, len(list))
	for _, d := range list {
		st, err := d.Info()
		if err != nil {
			continue // gone again
		}
		entries = append(entries, entry{d.Name(), st.Mode().Type(), attributesOf(st)})
	}
	return entries, err
}

func attributesOf(st fs.FileInfo) attributes {
	return attributes{stamp: stamp{size: st.Size(), modified: st.ModTime().UnixNano()}, mode: st.Mode().Perm()}
}

func attributesAt(path string) (attributes, error) {
	st, err := os.Stat(path)
	if err != nil {
		return attributes{}, err
	}
	return attributesOf(st), nil
}

func attributesIn(f *os.File) (attributes, error) {
	st, err := f.Stat()
	if err != nil {
		return attributes{}, err
	}
	return attributesOf(st), nil
}

// identify is what a source is known by at the next Sync: a digest of its content, since
// a directory of Windows tells neither which file it is nor when it was changed in truth.
func identify(path string, seen attributes) (stamp, error) {
	f, _, err := OpenRegular(path)
	if err != nil {
		return stamp{}, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return stamp{}, err
	}
	s := digestStamp([32]byte(sum.Sum(nil)))
	s.modified ^= seen.modified // the copy has its source's time
	return s, nil
}

// certain is the stamp itself: a digest is right at any time.
func (s stamp) certain(time.Time) stamp { return s }

// setTime sets when an open file was modified, by its handle: closing one that was
// written would change the time once more.
func setTime(f *os.File, _ *os.Root, _ string, t time.Time) error {
	ft := syscall.NsecToFiletime(t.UnixNano())
	return os.NewSyscallError("SetFileTime", syscall.SetFileTime(syscall.Handle(f.Fd()), nil, nil, &ft))
}

// chmodDir does nothing: directories of Windows have no such permissions.
func chmodDir(*os.Root, fs.FileMode) error { return nil }
