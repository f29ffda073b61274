package mirrors

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRewrite(t *testing.T) {
	l, err := Parse([]string{"docker.io=mirror.example/dockerhub/", " docker.io/library = mirror.example:5000/official",
		"docker.io/library/debian=localhost/debian", "quay.io/team=mirror.example/quay", "localhost=mirror.example",
		"mirror.example=never.example/twice"})
	require.NoError(t, err)
	digest := "@sha256:" + strings.Repeat("0a", 32)
	for ref, want := range map[string]string{
		"docker.io/chef/chef:18":                "mirror.example/dockerhub/chef/chef:18",
		"docker.io/library/alpine:3":            "mirror.example:5000/official/alpine:3",
		"docker.io/libraryx/alpine:3":           "mirror.example/dockerhub/libraryx/alpine:3",
		"docker.io/library/debian:12":           "localhost/debian:12",
		"docker.io/library/debian" + digest:     "localhost/debian" + digest,
		"docker.io/library/debian-slim:12":      "mirror.example:5000/official/debian-slim:12",
		"docker.io.example/x:1":                 "docker.io.example/x:1",
		"quay.io/team/app:1":                    "mirror.example/quay/app:1",
		"quay.io/teams/app:1":                   "quay.io/teams/app:1",
		"localhost/app:1":                       "mirror.example/app:1",
		"localhost:5000/app:1":                  "localhost:5000/app:1",
		"registry.example/docker.io/app:1":      "registry.example/docker.io/app:1",
		"sha256:" + strings.Repeat("0a", 32):    "sha256:" + strings.Repeat("0a", 32),
		"mirror.example/dockerhub/chef/chef:18": "never.example/twice/dockerhub/chef/chef:18",
	} {
		require.Equal(t, want, l.Rewrite(ref), ref)
	}
	require.Equal(t, []string{"mirror.example/quay/app:1", "quay.io/team/app:1"}, l.Local("quay.io/team/app:1"))
	require.Equal(t, []string{"quay.io/other:1"}, l.Local("quay.io/other:1"))
	require.Equal(t, "docker.io/x/y:1", List(nil).Rewrite("docker.io/x/y:1"))
}

func TestParse(t *testing.T) {
	l, err := Parse([]string{"index.docker.io=mirror.example", "index.docker.io/library=mirror.example/official"})
	require.NoError(t, err)
	require.Equal(t, List{"docker.io": "mirror.example", "docker.io/library": "mirror.example/official"}, l)
	for entry, want := range map[string]string{
		"docker.io":                          "write PREFIX=REPLACEMENT",
		"":                                   "write PREFIX=REPLACEMENT",
		"=mirror.example":                    `"": write a registry`,
		"docker.io=":                         `"": write a registry`,
		"library=mirror.example":             `"library": write a registry`,
		"docker.io=mirror":                   `"mirror": write a registry`,
		"docker.io/x:1=mirror.example":       `"docker.io/x:1": write a registry`,
		"Docker.io=mirror.example":           "in lower case",
		"docker.io=https://mirror.example":   `"https://mirror.example": write a registry`,
		"docker.io=user:word@mirror.example": "write a registry",
		"docker.io=mirror.example/a b":       "write a registry",
	} {
		_, err := Parse([]string{entry})
		require.ErrorContains(t, err, want, entry)
	}
	_, err = Parse([]string{"docker.io=a.example", "index.docker.io=b.example"})
	require.ErrorContains(t, err, "docker.io is there twice")
}
