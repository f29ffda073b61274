package lifecycle

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/mirrors"
	"github.com/galley-kitchen/galley/lifecycle/imagelock"
)

// What a lock file is made of: each name once, asked where it is pulled from, and what has a digest not at all.
func TestImageDigests(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	digests := map[string]string{}
	for _, path := range []string{"hub/library/busybox:latest", "hub/chef/chef:latest"} {
		img, err := random.Image(10, 1)
		require.NoError(t, err)
		tag, err := name.NewTag(host + "/" + path)
		require.NoError(t, err)
		require.NoError(t, remote.Write(tag, img))
		digest, err := img.Digest()
		require.NoError(t, err)
		digests[path] = digest.String()
	}
	index, err := random.Index(10, 1, 2)
	require.NoError(t, err)
	tag, err := name.NewTag(host + "/hub/team/several:1")
	require.NoError(t, err)
	require.NoError(t, remote.WriteIndex(tag, index))
	several, err := index.Digest()
	require.NoError(t, err)

	k := newKitchen(t)
	k.change = func(o *Options) { o.Images = mirrors.List{"docker.io": host + "/hub"} }
	pinned := chefInstance("pinned")
	pinned.Driver.Image = "busybox@" + digests["hub/library/busybox:latest"]
	platforms := chefInstance("platforms")
	platforms.Driver.Image = "team/several:1"
	got, err := k.run().ImageDigests(t.Context(),
		[]config.Instance{chefInstance("a"), chefInstance("b"), pinned, platforms})
	require.NoError(t, err)
	require.Equal(t, imagelock.Images{"docker.io/library/busybox:latest": digests["hub/library/busybox:latest"],
		"docker.io/chef/chef:latest": digests["hub/chef/chef:latest"], "docker.io/team/several:1": several.String()}, got)
	require.Empty(t, k.fake.Calls())

	absent := chefInstance("absent")
	absent.Driver.Image = "absent:1"
	_, err = k.run().ImageDigests(t.Context(), []config.Instance{absent})
	require.ErrorIs(t, err, backend.ErrNotFound)
	require.ErrorContains(t, err, "image docker.io/library/absent:1, which is "+host+"/hub/library/absent:1 by the setting images")
	require.ErrorContains(t, err, "Check the image's name and tag.")
}

// With a lock file its images are used, whatever their names stand for here or there, and no other.
func TestLocked(t *testing.T) {
	const platform = "registry.example.com/platform"
	digest := "@sha256:" + strings.Repeat("0a", 32)
	k := newKitchen(t)
	require.NoError(t, k.do(ActionTest, chefInstance("first"))) // it makes the network
	k.fake.AddImage(fake.ImageSpec{Ref: platform + ":1"})
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: platform + ":1"})
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: platform + digest})
	locked := imagelock.Images{platform + ":1": digest[1:]}
	k.change = func(o *Options) { o.Locked = locked }
	i := chefInstance("a")
	i.Driver.Image = platform + ":1"
	err := k.do("create", i)
	require.ErrorContains(t, err, "use image docker.io/chef/chef:latest: it is not in galley.lock")
	require.ErrorContains(t, err, "Bring the file up to date with galley lock.")
	require.Empty(t, k.runners())

	tool := "@sha256:" + strings.Repeat("0b", 32)
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: "docker.io/chef/chef" + tool,
		Config: backend.Image{Volumes: []string{"/opt/chef"}}})
	locked[toolRef] = tool[1:]
	i.Driver.PullPlatform = config.PullAlways
	for range 2 {
		k.fake.ForgetCalls()
		require.NoError(t, k.do("create", i))
		img, err := k.fake.InspectImage(t.Context(), platform+digest)
		require.NoError(t, err)
		require.Equal(t, img.ID, k.runners()[0].ImageID)
	}
	for _, c := range k.fake.Calls() {
		require.NotEqual(t, "PullImage", c.Verb, "a digest cannot move")
	}

	i.Driver.Image = platform + ":2"
	require.ErrorContains(t, k.do("create", i), platform+":2: it is not in galley.lock")
}
