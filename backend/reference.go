package backend

import (
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// NormalizeRef makes a fully qualified reference of what people write: "debian" becomes
// "docker.io/library/debian:latest". An image ID stays as it is, and gets its prefix where it has none. Every engine
// gets such a name, since short ones mean different things to each. Errors: ErrInvalid.
func NormalizeRef(ref string) (string, error) {
	if _, err := digest.Parse(ref); err == nil {
		return ref, nil
	}
	if _, err := digest.Parse("sha256:" + ref); err == nil {
		return "sha256:" + ref, nil // as both engines print IDs
	}
	named, err := reference.ParseDockerRef(ref)
	if err != nil {
		return "", &Error{Op: "image name " + strconv.Quote(ref), Kind: ErrInvalid, Detail: err.Error(),
			Remedy: "Write it as [registry/]name[:tag], in lower case.", Err: err}
	}
	return named.String(), nil
}

// PlatformMatches reports whether an image is for the platform asked for; an empty one takes any image, and a variant
// that either leaves out any variant.
func PlatformMatches(platform string, img Image) bool {
	have := img.Platform()
	return platform == "" || platform == have || strings.HasPrefix(have, platform+"/") ||
		img.Variant == "" && strings.HasPrefix(platform, have+"/")
}
