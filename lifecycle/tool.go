package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// toolImage finds or builds the image that brings a tool. Paths that it does not
// declare as volumes become some by an image on top of it.
func (s supplies) toolImage(ctx context.Context, t *provisioner.Tool) (backend.Image, error) {
	d := s.inst.Driver
	var img backend.Image
	var err error
	if len(t.Instructions) > 0 && t.Image == "" {
		var lines []string
		lines, err = replaceBases(t.Instructions, func(base string) (string, error) {
			img, err := s.image(ctx, base, d.OCIPlatform, d.PullTool)
			return img.ID, err
		})
		if err == nil {
			img, err = s.build(ctx, buildRequest{platform: d.OCIPlatform, dir: t.BuildContext,
				dockerfile: strings.Join(lines, "\n") + "\n", clientProxies: d.ClientProxies, secrets: d.BuildSecrets},
				"building the tool's image")
		}
	} else {
		img, err = s.image(ctx, t.Image, d.OCIPlatform, d.PullTool)
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
	return s.build(ctx, buildRequest{platform: d.OCIPlatform,
		dockerfile: fmt.Sprintf("FROM %s\nVOLUME %s\n", img.ID, volumes)}, "adding the volumes to the tool's image")
}

// replaceBases replaces the images that FROM lines name. What is a stage, a variable or scratch stays.
func replaceBases(lines []string, by func(base string) (string, error)) ([]string, error) {
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
			image, err := by(base)
			if err != nil {
				return nil, err
			}
			words[at] = image
		}
		if n := len(words); n > at+2 && strings.EqualFold(words[n-2], "AS") {
			stages[words[n-1]] = true
		}
		out = append(out, strings.Join(words, " "))
	}
	return out, nil
}

// ensureTools finds the images of tools.
func (s supplies) ensureTools(ctx context.Context, wanted []*provisioner.Tool, tools []backend.Tool) error {
	var g errgroup.Group
	for n, t := range wanted {
		g.Go(func() error {
			img, err := s.toolImage(ctx, t)
			if err != nil {
				return err
			}
			if len(img.Volumes) == 0 {
				return &backend.Error{Op: "use image " + t.Image + " as a tool", Kind: backend.ErrInvalid,
					Detail: "it declares no volume, so there is nothing to mount into the runner", Remedy: t.Remedy}
			}
			// How it is mounted, the engine's backend knows.
			tools[n] = backend.Tool{Image: img.ID, Access: s.inst.Driver.ToolAccess, Labels: s.run.labels(label.RoleTool)}
			return nil
		})
	}
	return g.Wait()
}
