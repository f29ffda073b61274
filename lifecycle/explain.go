package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/checkpoint"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// Warmth says whether a checkpoint would take the place of an instance's next converge.
type Warmth string

// The values of Warmth.
const (
	Warm Warmth = "warm"
	Cold Warmth = "cold"
)

// Explanation says whether a checkpoint would take the place of an instance's next converge, and why.
type Explanation struct {
	Instance string `json:"instance"`
	State    Warmth `json:"state"`
	// Why says why the instance is cold.
	Why string `json:"why,omitempty"`
	// Key is that of all that goes into the converge now, empty when no checkpoint can stand for it.
	Key string `json:"key,omitempty"`
	// Created is when the checkpoint was made that is compared: the one that would be used, or the newest of the
	// instance.
	Created time.Time `json:"created,omitzero"`
	// Repository has the checkpoint that would be used, where the engine has none.
	Repository string `json:"repository,omitempty"`
	// Inputs are those of now. Changed are the names of those in which the newest checkpoint differs.
	Inputs  checkpoint.Inputs `json:"inputs,omitempty"`
	Changed []string          `json:"changed,omitempty"`
}

// Explain says what a checkpoint would do for an instance. It pulls, builds and records nothing. Errors: that the
// engine cannot be asked.
func (r *Run) Explain(ctx context.Context, inst config.Instance) (Explanation, error) {
	return r.explain(ctx, inst, true)
}

// explain is Explain. Only with remote the registry of the repository is asked.
func (r *Run) explain(ctx context.Context, inst config.Instance, remote bool) (Explanation, error) {
	x := Explanation{Instance: inst.Name, State: Cold}
	e, err := r.engineOf(ctx, inst)
	if err != nil {
		return x, err
	}
	i := r.newInstanceRun(inst)
	i.eng, i.onlyLook, i.reuse = e, true, &reuse{}
	key, why, err := i.keyAside(ctx)
	if errors.Is(err, backend.ErrNotFound) {
		why, err = err.Error(), nil
	}
	if x.Why = why; err != nil || why != "" {
		return x, err
	}
	x.Key, x.Inputs = key, i.reuse.inputs
	img, why, err := i.checkpointOf(ctx, checkpointImages, key)
	if repository := r.o.Reuse.Repository; err == nil && img == nil && repository != "" {
		if img, why, err = i.checkpointOf(ctx, repository+":", key); err == nil && img == nil && remote {
			var there bool
			if there, why = i.registryHas(ctx, key); there {
				x.State, x.Repository = Warm, repository
				return x, nil
			}
		}
	}
	switch {
	case err != nil:
		return x, err
	case img != nil:
		x.State, x.Created = Warm, created(*img)
		return x, nil
	case why != "":
		x.Why = why
		return x, nil
	}
	x.Changed, x.Created, err = i.sinceCheckpoint(ctx)
	x.Why = missReason(x.Changed, x.Created)
	return x, err
}

// missReason says why the newest checkpoint of an instance, made at a time, is not used.
func missReason(changed []string, made time.Time) string {
	if made.IsZero() {
		return "there is no checkpoint of it yet"
	}
	return fmt.Sprintf("since the checkpoint of %s changed: %s", when(made), strings.Join(changed, ", "))
}

// when is a time as people read it.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// sinceCheckpoint are the inputs in which the newest checkpoint of the instance differs from now, and when it was made;
// the zero time when there is none.
func (i *instanceRun) sinceCheckpoint(ctx context.Context) (changed []string, made time.Time, err error) {
	images, err := i.checkpoints(ctx)
	if err != nil || len(images) == 0 {
		return nil, time.Time{}, err
	}
	newest := slices.MaxFunc(images, func(a, b backend.Image) int { return created(a).Compare(created(b)) })
	was, err := checkpoint.Parse(newest.Labels[label.Inputs])
	if err != nil {
		return nil, time.Time{}, nil //nolint:nilerr // it is of no galley that this one knows
	}
	return i.reuse.inputs.Changed(was), created(newest), nil
}
