package engine

import (
	"crypto/sha256"
	"fmt"

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
	// Such a text is the same for nil and empty lists, and has maps in the order of their keys.
	return fmt.Sprintf("sha256:%x", sha256.Sum256(fmt.Appendf(nil, "%q", []any{i.OS, i.Arch, c.Layers, c.Env, c.Cmd,
		i.Entrypoint, i.Volumes, i.HealthCheck, i.Labels, c.User, c.WorkDir, c.StopSignal})))
}
