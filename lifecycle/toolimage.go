package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// toolImage finds or builds the image that brings a tool. Paths that it does not
// declare as volumes become some by an image on top of it.
func (w *worker) toolImage(ctx context.Context, t *provisioner.Tool) (backend.Image, error) {
	d := w.inst.Driver
	var img backend.Image
	var err error
	if len(t.Instructions) > 0 && t.Image == "" {
		var lines []string
		if lines, err = w.ownBases(ctx, t.Instructions); err == nil {
			img, err = w.eng.build(ctx, w, t.BuildContext, strings.Join(lines, "\n")+"\n", nil, "building the tool's image")
		}
	} else {
		img, err = w.eng.image(ctx, w, qualify(d.Registry, t.Image), d.OCIPlatform, d.PullTool)
	}
	if err != nil {
		return img, err
	}
	missing := slices.DeleteFunc(slices.Clone(t.Volumes), func(v string) bool { return slices.Contains(img.Volumes, v) })
	if len(missing) == 0 {
		return img, nil
	}
	volumes, err := json.Marshal(missing)
	if err != nil {
		return img, err
	}
	return w.eng.build(ctx, w, "", fmt.Sprintf("FROM %s\nVOLUME %s\n", img.ID, volumes), nil, "adding the volumes to the tool's image")
}

// ownBases finds the images that FROM lines name, as all images are found, and
// puts their IDs into the lines. What is a stage, a variable or scratch stays.
func (w *worker) ownBases(ctx context.Context, lines []string) ([]string, error) {
	d := w.inst.Driver
	stages := map[string]bool{"scratch": true}
	var out []string
	for _, line := range strings.Split(strings.Join(lines, "\n"), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || !strings.EqualFold(words[0], "FROM") {
			out = append(out, line)
			continue
		}
		at := 1
		for at < len(words)-1 && strings.HasPrefix(words[at], "--") {
			at++
		}
		if base := words[at]; !stages[base] && !strings.Contains(base, "$") {
			img, err := w.eng.image(ctx, w, qualify(d.Registry, base), d.OCIPlatform, d.PullTool)
			if err != nil {
				return nil, err
			}
			words[at] = img.ID
		}
		if n := len(words); n > at+2 && strings.EqualFold(words[n-2], "AS") {
			stages[words[n-1]] = true
		}
		out = append(out, strings.Join(words, " "))
	}
	return out, nil
}
