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
func (i *instanceRun) toolImage(ctx context.Context, t *provisioner.Tool) (backend.Image, error) {
	d := i.inst.Driver
	var img backend.Image
	var err error
	if len(t.Instructions) > 0 && t.Image == "" {
		var lines []string
		if lines, err = i.resolveBases(ctx, t.Instructions); err == nil {
			img, err = i.build(ctx, buildRequest{d.OCIPlatform, t.BuildContext, strings.Join(lines, "\n") + "\n", nil,
				d.ClientProxies}, "building the tool's image")
		}
	} else {
		img, err = i.image(ctx, t.Image, d.OCIPlatform, d.PullTool)
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
	return i.build(ctx, buildRequest{d.OCIPlatform, "", fmt.Sprintf("FROM %s\nVOLUME %s\n", img.ID, volumes), nil,
		false}, "adding the volumes to the tool's image")
}

// resolveBases finds the images that FROM lines name, as all images are found, and
// puts their IDs into the lines. What is a stage, a variable or scratch stays.
func (i *instanceRun) resolveBases(ctx context.Context, lines []string) ([]string, error) {
	d := i.inst.Driver
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
			img, err := i.image(ctx, base, d.OCIPlatform, d.PullTool)
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
