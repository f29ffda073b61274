package podman

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestBuildQuery(t *testing.T) {
	plain := url.Values{
		"dockerfile": {"Dockerfile"}, "layers": {"true"}, "rm": {"true"}, "forcerm": {"true"},
		"pullpolicy": {"missing"},
		"httpproxy":  {"false"}, "t": {"x"}, "outputformat": {"application/vnd.docker.distribution.manifest.v2+json"},
	}
	got, err := buildQuery(backend.BuildOptions{Tag: "x"})
	require.NoError(t, err)
	require.Equal(t, plain, got)

	got, err = buildQuery(backend.BuildOptions{
		Tag: "docker.io/library/x:1", Platform: "linux/arm64",
		Labels: backend.Labels{"a": "b c"}, Args: map[string]string{"D": `"e"`}, ClientProxies: true,
	})
	require.NoError(t, err)
	for key, want := range map[string]string{
		"t": "docker.io/library/x:1", "platform": "linux/arm64", "httpproxy": "true",
		"labels": `{"a":"b c"}`, "buildargs": `{"D":"\"e\""}`,
	} {
		require.Equal(t, []string{want}, got[key], key)
	}

	_, err = buildQuery(backend.BuildOptions{Platform: "arm64"})
	require.ErrorIs(t, err, backend.ErrInvalid)
}

// TestBuild: the context is sent, and the image inspected under its tag.
func TestBuild(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answer := `{"Id":"abc"}`
		if strings.HasSuffix(r.URL.Path, "/build") {
			context, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, "a tar", string(context))
			require.Equal(t, "application/x-tar", r.Header.Get("Content-Type"))
			answer = `{"stream":"STEP 1/1: FROM scratch\n"}`
		} else {
			require.Equal(t, "/v4.0.0/libpod/images/x:1/json", r.URL.Path)
		}
		_, err := io.WriteString(w, answer)
		require.NoError(t, err)
	})
	image, err := b.BuildImage(t.Context(), backend.BuildOptions{Tag: "x:1", Context: strings.NewReader("a tar")})
	require.NoError(t, err)
	require.Equal(t, "abc", image.ID)
}

// TestPullFailsInStream: the status of such an answer is 200.
func TestPullFailsInStream(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/v4.0.0/libpod/images/pull", r.URL.Path, "nothing else is asked")
		require.Equal(t, noCredentials, r.Header.Get("X-Registry-Auth"))
		_, err := io.WriteString(w, `{"stream":"Trying to pull x...\n"}`+"\n"+
			`{"error":"reading manifest: manifest unknown"}`)
		require.NoError(t, err)
	})
	_, err := b.PullImage(t.Context(), backend.PullOptions{Ref: "example.com/x:1"})
	require.ErrorIs(t, err, backend.ErrNotFound)
}

func TestPullOtherPlatform(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			require.Equal(t, "arm64", r.URL.Query().Get("Arch"))
			require.Equal(t, "linux", r.URL.Query().Get("OS"))
			return
		}
		_, err := io.WriteString(w, `{"Id":"ab","Os":"linux","Architecture":"amd64"}`)
		require.NoError(t, err)
	})
	_, err := b.PullImage(t.Context(), backend.PullOptions{Ref: "example.com/x:1", Platform: "linux/arm64"})
	require.ErrorIs(t, err, backend.ErrWrongPlatform)
}

// TestRemoveSharedImageGone: another caller removes an image that has several names.
func TestRemoveSharedImageGone(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"message": "unable to delete image \"1\" by ID with more than one tag ([a b]): please force removal"}`)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message": "1: image not known"}`)
	})
	require.NoError(t, b.RemoveImage(t.Context(), "1"))
}
