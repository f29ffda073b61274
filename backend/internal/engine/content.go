package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/galley-kitchen/galley/backend"
)

// ImageContent is what backend.Image.Content is of, besides what backend.Image has.
type ImageContent struct {
	// Layers are the digests of the layers' tars, without compression, as the image's configuration has them.
	Layers, Env, Cmd []string
	User, WorkDir    string
	StopSignal       string
}

// Digest is the digest of the content of an image whose other fields are known. Lists that are nil and that are empty
// count as the same, and so do the root as working directory and none: engines differ in what they answer.
func (c ImageContent) Digest(i backend.Image) string {
	if c.WorkDir == "/" {
		c.WorkDir = ""
	}
	lists := make([]string, 0, 6)
	for _, list := range [][]string{c.Layers, c.Env, c.Cmd, i.Entrypoint, i.Volumes, i.HealthCheck} {
		lists = append(lists, mustJSON(append([]string{}, list...)))
	}
	if i.Labels == nil {
		i.Labels = backend.Labels{}
	}
	sum := sha256.Sum256([]byte(mustJSON([]any{i.OS, i.Arch, lists, i.Labels, c.User, c.WorkDir, c.StopSignal})))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func mustJSON(v any) string {
	text, err := json.Marshal(v) // maps are sorted
	if err != nil {
		panic(err) // texts always marshal
	}
	return string(text)
}
