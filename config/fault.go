package config

import (
	"slices"
	"strings"
	"time"
)

// Fault is something bad that is done to the services of an instance, or to the network of its runner; one field is
// set.
type Fault struct {
	// Pause freezes services, Kill ends them at once, and Restart stops them and starts them again.
	Pause   []string `key:"pause"`
	Kill    []string `key:"kill"`
	Restart []string `key:"restart"`
	// Network makes the network of the runner a bad one.
	Network *NetworkFault `key:"network"`
	// Heal ends what Pause and Network did.
	Heal bool `key:"heal"`
}

// Text says in one line what it does.
func (f Fault) Text() string {
	switch {
	case f.Heal:
		return "heal"
	case f.Network != nil:
		return "make the network of the runner a bad one"
	}
	what := "restart"
	if f.Pause != nil {
		what = "pause"
	} else if f.Kill != nil {
		what = "kill"
	}
	return what + " " + strings.Join(slices.Concat(f.Pause, f.Kill, f.Restart), ", ")
}

// NetworkFault is what a runner's network is to be like.
type NetworkFault struct {
	// Delay of what it sends, give or take Jitter.
	Delay  time.Duration `key:"delay" as:"time"`
	Jitter time.Duration `key:"jitter" as:"time"`
	// Loss is how many of a hundred packets that it sends are lost.
	Loss float64 `key:"loss" as:"percentage"`
	// Rate is as tc writes it: 1mbit.
	Rate string `key:"rate" as:"rate"`
	// Cut are services and other nodes that it cannot reach.
	Cut []string `key:"cut"`
	// For is after which time it heals by itself, 0 for never.
	For time.Duration `key:"for" as:"time"`
}
