package backend

import (
	"io"
	"time"
)

// Image is what an engine knows of a local image.
type Image struct {
	// ID is the engine's identifier, with its "sha256:" prefix.
	ID string
	// Content is a digest of the image's layers and of what of its configuration a container takes over. Unlike ID it
	// is the same on every engine. Lists do not tell it.
	Content string
	// Tags are the full references that name the image.
	Tags []string
	// OS, Arch and Variant are the platform it was built for.
	OS, Arch, Variant string
	// Volumes are the paths that the image declares as volumes, sorted.
	Volumes []string
	// Entrypoint is the image's own.
	Entrypoint []string
	// HealthCheck is how the image says that a container of it is well: CMD and an argv, CMD-SHELL and a line, or NONE.
	HealthCheck []string
	Labels      Labels
	// Size is in bytes, with the layers that other images have too, and Created is when the image was made. Only
	// ListImages tells them.
	Size    int64
	Created time.Time
}

// Platform returns the image's platform as os/arch[/variant].
func (i Image) Platform() string {
	p := i.OS + "/" + i.Arch
	if i.Variant != "" {
		p += "/" + i.Variant
	}
	return p
}

// PullOptions says what to fetch.
type PullOptions struct {
	// Ref is a fully qualified reference (see [NormalizeRef]).
	Ref string
	// Platform is os/arch[/variant], or empty for the engine's own.
	Platform string
	// Credentials are sent to Ref's registry; nil is an anonymous pull.
	Credentials *Credentials
	// Progress, when set, is called as bytes arrive. It must not block.
	Progress func(Progress)
}

// Progress is how far a pull has come, over all layers known so far.
type Progress struct {
	// Status is the engine's word for what it does, such as "Downloading".
	Status string
	// Current and Total are bytes; Total is 0 while it is unknown.
	Current, Total int64
}

// Credentials are for one registry only.
type Credentials struct {
	// Registry is the host[:port] that they may be sent to.
	Registry           string
	Username, Password string
	// IdentityToken is an OAuth refresh token that takes the place of a password.
	IdentityToken string
}

// BuildFeature is something in a Dockerfile that not every builder knows, in words.
type BuildFeature string

// The features that backends tell apart. Others are flags of instructions, such as "COPY --chmod".
const (
	BuildHeredoc BuildFeature = "texts that end at a word (<<EOF) in a Dockerfile"
	BuildMount   BuildFeature = "RUN --mount"
	BuildSSH     BuildFeature = "RUN --mount=type=ssh"
	BuildSecret  BuildFeature = "RUN --mount=type=secret"
	// BuildCopy is told beside others only.
	BuildCopy BuildFeature = "COPY and ADD without --chown, where it needs BuildKit"
)

// BaseArg is the argument by which a Dockerfile may name the image that it builds upon: `ARG GALLEY_BASE=ID`, `FROM
// $GALLEY_BASE`. A backend whose builder knows no IDs gives it another value.
const BaseArg = "GALLEY_BASE"

// BuildOptions says what to build.
type BuildOptions struct {
	// Context is a tar stream with a file "Dockerfile" and all that it copies.
	Context io.Reader
	// Base is the ID that BaseArg has in the Dockerfile, or empty.
	Base string
	// Needs are what the Dockerfile has that not every builder knows. Errors: ErrUnsupported, before anything is built.
	Needs []BuildFeature
	// Secrets are the values of `RUN --mount=type=secret` by id. They get neither into the image nor into its history.
	Secrets map[string][]byte
	// SSHAgent is the socket of the ssh agent for `RUN --mount=type=ssh`, or empty.
	SSHAgent string
	// Tag names the result.
	Tag    string
	Labels Labels
	// Args are build arguments.
	Args map[string]string
	// ClientProxies adds the proxies of the engine's own client to Args, as
	// [ContainerSpec.ClientProxies] does to the environment.
	ClientProxies bool
	// Platform is os/arch[/variant], or empty for the engine's own.
	Platform string
	// Credentials are for private base images, one entry per registry.
	Credentials []Credentials
	// Output, when set, receives the build's output as it comes.
	Output io.Writer
}
