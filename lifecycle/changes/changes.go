// Package changes tells in which files a container differs from its image, and puts that into the form in which people
// read it. Neither the container nor the image is trusted: what is read of them is bounded, and no content is kept.
package changes

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// Type is what is at a path.
type Type string

// The types of files.
const (
	File      Type = "file"
	Directory Type = "directory"
	Link      Type = "link"
	Device    Type = "device"
	Pipe      Type = "pipe"
)

// Entry is what is or was at a path.
type Entry struct {
	Type Type
	// Size is in bytes, of a file only; -1 when it is not known.
	Size int64
	// Mode are the twelve bits of chmod.
	Mode int64
	// UID and GID are -1 when they are not known.
	UID, GID int
	// Target is a link's.
	Target string

	// Text is the content of a file that is not large, where that was asked for.
	Text []byte

	modified time.Time
	// sum is the digest of a file's content where that was asked for and is not too large.
	sum *[sha256.Size]byte
}

// Permissions writes the mode as chmod takes it.
func (e Entry) Permissions() string { return fmt.Sprintf("%04o", e.Mode) }

// Owner writes the numbers of the user and the group, or nothing when they are not known.
func (e Entry) Owner() string {
	if e.UID < 0 || e.GID < 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d", e.UID, e.GID)
}

func entryOf(h *tar.Header) Entry {
	e := Entry{Mode: h.Mode & 0o7777, UID: h.Uid, GID: h.Gid, modified: h.ModTime.Truncate(time.Second)}
	switch h.Typeflag {
	case tar.TypeDir:
		e.Type = Directory
	case tar.TypeSymlink:
		e.Type, e.Target = Link, h.Linkname
	case tar.TypeChar, tar.TypeBlock:
		e.Type = Device
	case tar.TypeFifo:
		e.Type = Pipe
	case tar.TypeLink: // another name of a file that may be anywhere in the stream
		e.Type, e.Size = File, -1
	default:
		e.Type, e.Size = File, h.Size
	}
	return e
}

// The parts in which a path may differ.
const (
	PartType    = "type"
	PartContent = "content"
	PartTarget  = "target"
	PartMode    = "mode"
	PartOwner   = "owner"
	// PartTime is a file that was written anew, or touched, and has the content that it had.
	PartTime = "time"
)

// Change is a path in which a container differs from its image.
type Change struct {
	Path string
	Kind backend.ChangeKind
	// Old is what the image has there and New what the container has, nil where there is nothing or it is not known.
	Old, New *Entry
	// Parts are the parts in which a modified path differs, empty when that is not known.
	Parts []string
	// Noise says why this change is only counted; it is empty for one that has a line of its own.
	Noise string
	// Below is what was in a directory that was deleted.
	Below Total
}

// Entry is what a change leaves, or what it took away; nil when that is not known.
func (c Change) Entry() *Entry {
	if c.Kind == backend.ChangeDeleted {
		return c.Old
	}
	return c.New
}

// Total is what several paths amount to.
type Total struct {
	Files, Directories int
	Size               int64
	// More is set when not all could be counted.
	More bool
}

func (t *Total) add(e *Entry) {
	switch {
	case e == nil:
		t.Files++
		t.More = true
	case e.Type == Directory:
		t.Directories++
	default:
		t.Files++
		t.Size += max(e.Size, 0)
	}
}

func (t *Total) plus(o Total) {
	t.Files, t.Directories, t.Size = t.Files+o.Files, t.Directories+o.Directories, t.Size+o.Size
	t.More = t.More || o.More
}

// Options say what to compare.
type Options struct {
	Engine Source
	// Container and Image are the IDs of the container and of another one, as its image made it.
	Container, Image string
	// Changes are what the engine says of the container.
	Changes []backend.Change
	// Mounted are the places at which something is mounted in the container.
	Mounted []string
	// Noise has the details of what is noise read as well.
	Noise bool
	// LosesOwners is set when the engine's copies do not tell the owners of files. Then the containers are asked, as
	// far as they run and have the programs for it.
	LosesOwners bool
}

// Compare finds how the paths that an engine names differ, sorted by path. A directory of which only the entries
// differ is not among them, and neither is a file that is as it was.
func Compare(ctx context.Context, o Options) ([]Change, error) {
	list := make([]Change, 0, len(o.Changes))
	for _, c := range o.Changes {
		if c.Path = path.Clean("/" + c.Path); c.Path != "/" {
			list = append(list, Change{Path: c.Path, Kind: c.Kind})
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return comparePaths(a.Path, b.Path) })
	markNoise(list, o.Mounted)
	var now, before, unsure []wish
	for _, c := range list {
		if c.Noise != "" && !o.Noise {
			continue
		}
		w := wish{path: c.Path, sum: c.Kind == backend.ChangeModified}
		if c.Kind != backend.ChangeDeleted {
			now = append(now, w)
		}
		if c.Kind != backend.ChangeAdded {
			before = append(before, w)
		}
	}
	have, err := o.entries(ctx, o.Container, now)
	if err != nil {
		return nil, fmt.Errorf("read the runner's files: %w", err)
	}
	inside := "" // a directory that is new as a whole
	for _, c := range list {
		e := have[c.Path]
		if c.Kind != backend.ChangeAdded || e == nil || inside != "" && within(c.Path, inside) {
			continue
		}
		switch e.Type {
		case Directory:
			inside = c.Path
		case Link: // one that led nowhere in the image was not there for some engines
			unsure = append(unsure, wish{path: c.Path})
		}
	}
	had, err := o.entries(ctx, o.Image, append(before, unsure...))
	if err != nil {
		return nil, fmt.Errorf("read the image's files: %w", err)
	}
	kept := list[:0]
	for n, c := range list {
		c.New, c.Old = have[c.Path], had[c.Path]
		if c.Kind == backend.ChangeAdded && c.Old != nil {
			c.Kind = backend.ChangeModified
		}
		if c.Kind == backend.ChangeDeleted && c.Old != nil && c.Old.Type == Directory {
			if c.Below, err = below(ctx, o.Engine, o.Image, c.Path); err != nil {
				return nil, fmt.Errorf("read the image's files: %w", err)
			}
		}
		if c.Kind == backend.ChangeModified {
			if c.New != nil && c.Old != nil {
				c.Parts = differences(*c.Old, *c.New)
				unknown := c.New.Type != Directory && (c.New.Owner() == "" || c.Old.Owner() == "")
				if len(c.Parts) == 0 && !unknown {
					continue
				}
			} else if n+1 < len(list) && within(list[n+1].Path, c.Path) {
				continue // a directory, of which nothing more is known
			}
			if c.Noise == "" && slices.Equal(c.Parts, []string{PartTime}) {
				c.Noise = "files written anew as they were"
			}
		}
		kept = append(kept, c)
	}
	return kept, nil
}

// entries finds the entries at paths.
func (o Options) entries(ctx context.Context, id string, wishes []wish) (map[string]*Entry, error) {
	found, err := read(ctx, o.Engine, id, wishes)
	if err == nil && o.LosesOwners {
		err = readOwners(ctx, o.Engine, id, found)
	}
	return found, err
}

// differences are the parts in which two entries differ.
func differences(old, now Entry) []string {
	var parts []string
	part := func(name string, differs bool) {
		if differs {
			parts = append(parts, name)
		}
	}
	same := old.Type == now.Type
	part(PartType, !same)
	if same && now.Type == File {
		touched := !old.modified.Equal(now.modified)
		switch known := old.sum != nil && now.sum != nil; {
		case known && *old.sum == *now.sum:
			part(PartTime, touched)
		case old.Size >= 0 && now.Size >= 0 && old.Size != now.Size:
			part(PartContent, true)
		default:
			part(PartContent, known || touched)
		}
	}
	part(PartTarget, same && old.Target != now.Target)
	part(PartMode, same && now.Type != Link && old.Mode != now.Mode)
	part(PartOwner, old.Owner() != "" && now.Owner() != "" && old.Owner() != now.Owner())
	return parts
}

// Differ are the parts in which two entries differ, but for their times.
func Differ(a, b Entry) []string {
	b.modified = a.modified
	return differences(a, b)
}

// Entries finds what is at paths in a container, with the digests of files that are not too large, and the texts of
// small ones. What is not there has no entry.
func Entries(ctx context.Context, o Options, paths []string) (map[string]*Entry, error) {
	wishes := make([]wish, len(paths))
	for n, p := range paths {
		wishes[n] = wish{path: p, sum: true, text: true}
	}
	return o.entries(ctx, o.Container, wishes)
}

// comparePaths sorts paths so that what is in a directory comes right after it.
func comparePaths(a, b string) int {
	return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
}

// within reports whether a path lies in a directory.
func within(p, dir string) bool { return strings.HasPrefix(p, dir+"/") }
