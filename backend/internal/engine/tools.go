package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

// The labels by which a backend finds what galley has made, and what it itself has made for tools.
const (
	// LabelPrefix starts the labels of all that galley makes.
	LabelPrefix = "dev.galley."
	// LabelTool is on a container that carries a tool: the ID of the tool's image.
	LabelTool = LabelPrefix + "tool"
	// LabelToolPaths is on it too: the directories that the image does not declare as volumes, separated by colons.
	LabelToolPaths = LabelPrefix + "tool-paths"
	// LabelLayer is on the volumes that hold what one container writes into a tool.
	LabelLayer = LabelPrefix + "tool-layer"
)

// ToolMount is a directory of a tool with its image's facts.
type ToolMount struct {
	backend.Tool
	// Declared are the volumes that the image declares.
	Declared []string
}

// Volumes remembers which volumes images declare. Images do not change under an ID. The zero value is ready for use.
type Volumes struct {
	byID sync.Map // of []string
}

// Remember keeps what is known of an image, and returns the image.
func (v *Volumes) Remember(i backend.Image) backend.Image {
	if i.ID != "" {
		v.byID.Store(i.ID, i.Volumes)
	}
	return i
}

// Of returns the volumes that an image declares. Errors: those of inspect.
func (v *Volumes) Of(ctx context.Context, id string,
	inspect func(context.Context, string) (backend.Image, error)) ([]string, error) {
	if declared, known := v.byID.Load(id); known {
		return declared.([]string), nil
	}
	img, err := inspect(ctx, id)
	return v.Remember(img).Volumes, err
}

// Expand returns the directories that the tools of a specification are mounted at: one entry for each. Where the
// specification itself mounts something, that counts. An image that is not known yet is inspected. Errors: those of
// inspect, and backend.ErrInvalid for an image without volumes or an unknown access.
func (v *Volumes) Expand(
	ctx context.Context, s backend.ContainerSpec, inspect func(context.Context, string) (backend.Image, error),
) ([]ToolMount, error) {
	var mounts []ToolMount
	for _, t := range s.Tools {
		if err := t.Validate(); err != nil {
			return nil, err
		}
		declared, err := v.Of(ctx, t.Image, inspect)
		if err != nil {
			return nil, err
		}
		paths := []string{t.Path}
		if t.Path == "" {
			paths = declared
		}
		if len(paths) == 0 {
			return nil, &backend.Error{Op: "use image " + t.Image + " as a tool", Kind: backend.ErrInvalid,
				Detail: "it declares no volume, so there is nothing to mount"}
		}
		for _, path := range paths {
			t.Path = path
			if !slices.ContainsFunc(s.Mounts, func(m spec.Mount) bool { return m.Target == path }) {
				mounts = append(mounts, ToolMount{Tool: t, Declared: declared})
			}
		}
	}
	return mounts, nil
}

// Carrier describes the container that carries a tool: it is never started, and its volumes hold the tool.
type Carrier struct {
	// Image is the ID of the tool's image.
	Image string
	// Undeclared are the directories that need a volume of their own.
	Undeclared []string
	// Labels are those of the container.
	Labels backend.Labels
}

// CarrierOf is the container that carries a tool's directory.
func CarrierOf(t ToolMount) Carrier {
	c := Carrier{Image: t.Image, Labels: backend.Labels{}}
	if !slices.Contains(t.Declared, t.Path) {
		c.Undeclared = []string{t.Path}
	}
	maps.Copy(c.Labels, t.Labels)
	c.Labels[LabelTool] = t.Image
	c.Labels[LabelToolPaths] = strings.Join(c.Undeclared, ":")
	return c
}

// Is reports whether a container with these labels is this carrier.
func (c Carrier) Is(labels backend.Labels) bool {
	return labels[LabelTool] == c.Image && labels[LabelToolPaths] == strings.Join(c.Undeclared, ":")
}

// carrierNames is how many names are tried, where containers of other programs have them.
const carrierNames = 5

// Names are the names that the carrier may have, in the order in which they are tried.
// Two processes that make it at once choose the same.
func (c Carrier) Names() []string {
	_, digits, found := strings.Cut(c.Image, ":")
	if !found {
		digits = c.Image
	}
	name := "galley-tool-" + digits[:min(len(digits), 16)]
	if len(c.Undeclared) > 0 {
		sum := sha256.Sum256([]byte(strings.Join(c.Undeclared, ":")))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	names := []string{name}
	for n := 2; n <= carrierNames; n++ {
		names = append(names, name+"-"+strconv.Itoa(n))
	}
	return names
}

// NamesTaken is the error for a carrier whose names all belong to other containers.
func NamesTaken(c Carrier) error {
	return &backend.Error{Op: "container " + c.Names()[0], Kind: backend.ErrConflict,
		Detail: "other containers have the names that galley gives to this tool", Remedy: "Remove or rename them."}
}

// NoVolume is the error for a tool whose carrier has no volume at its directory.
func NoVolume(t backend.Tool) error {
	return &backend.Error{Op: "use image " + t.Image + " as a tool", Kind: backend.ErrNotFound,
		Detail: "its container has no volume at " + t.Path}
}

// ByCarrier groups the directories of tools by the container that carries them.
func ByCarrier(mounts []ToolMount) map[string][]ToolMount {
	groups := map[string][]ToolMount{}
	for _, m := range mounts {
		name := CarrierOf(m).Names()[0]
		groups[name] = append(groups[name], m)
	}
	return groups
}

// SharedInstead is the warning that a tool is shared though that was not asked for.
func SharedInstead(t backend.Tool, why string) string {
	return "tool " + cmp.Or(t.Path, t.Image) + ": " + why + ", so what one runner writes there is seen by the others; " +
		"tool_access: read_only keeps it as it is"
}
