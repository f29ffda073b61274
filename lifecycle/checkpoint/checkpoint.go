// Package checkpoint makes the keys of checkpoints: images of converged runners, from which the next runner starts in
// place of a converge of its own.
//
// A key is a digest of all that went into the converge. What goes in is collected as named inputs in a fixed order,
// each with a digest of its own, so that people can be told which of them has changed. The package knows no engine and
// reads no files.
package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Version is that of the keys. It changes when the same inputs would no longer lead to the same runner.
const Version = "2"

// digestLength is the length of the digests in characters: 128 bits.
const digestLength = 32

// Input is something that went into a converge. Of its values only one digest of all of them together is known: some
// are secret, and a digest of a short secret alone would let it be guessed.
type Input struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
}

// Inputs are all that went into a converge, in their order.
type Inputs []Input

// Add adds an input with its values. Where one ends and the next begins counts.
func (in *Inputs) Add(name string, values ...string) {
	*in = append(*in, Input{name, digest(values)})
}

// Key is the digest of all inputs. It may be the tag of an image.
func (in Inputs) Key() string {
	words := []string{Version}
	for _, input := range in {
		words = append(words, input.Name, input.Digest)
	}
	return digest(words)
}

// Text writes the inputs for a label.
func (in Inputs) Text() string {
	text, err := json.Marshal(in)
	if err != nil {
		panic(err) // texts always marshal
	}
	return string(text)
}

// Parse reads what Text wrote.
func Parse(text string) (Inputs, error) {
	var in Inputs
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, fmt.Errorf("read the inputs of a checkpoint: %w", err)
	}
	return in, nil
}

// Changed are the names of the inputs that differ from those of before, also of such that only one side has.
func (in Inputs) Changed(before Inputs) []string {
	var names []string
	differ := func(all, others Inputs) {
		for _, input := range all {
			if !slices.Contains(others, input) && !slices.Contains(names, input.Name) {
				names = append(names, input.Name)
			}
		}
	}
	differ(in, before)
	differ(before, in)
	return names
}

func digest(words []string) string {
	sum := sha256.New()
	for _, w := range words {
		fmt.Fprintf(sum, "%q\n", w)
	}
	return hex.EncodeToString(sum.Sum(nil))[:digestLength]
}
