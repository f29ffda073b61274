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
		"dockerfile": {"Dockerfile"}, "layers": {"true"}, "rm": {"true"}, "forcerm": {"true"}, "nocache": {"false"}, "pullpolicy": {"missing"},
		"httpproxy": {"false"}, "outputformat": {"application/vnd.docker.distribution.manifest.v2+json"},
	}
	got, err := buildQuery(backend.BuildOptions{})
	require.NoError(t, err)
	require.Equal(t, plain, got)

	got, err = buildQuery(backend.BuildOptions{
		Dockerfile: "docker/Runner", Tag: "docker.io/library/x:1", Platform: "linux/arm64", Pull: true, NoCache: true,
		Labels: backend.Labels{"a": "b c"}, Args: map[string]string{"D": `"e"`}, ClientProxies: true,
	})
	require.NoError(t, err)
	for key, want := range map[string]string{
		"dockerfile": "docker/Runner", "t": "docker.io/library/x:1", "platform": "linux/arm64", "pullpolicy": "newer", "nocache": "true", "httpproxy": "true",
		"labels": `{"a":"b c"}`, "buildargs": `{"D":"\"e\""}`,
	} {
		require.Equal(t, []string{want}, got[key], key)
	}

	_, err = buildQuery(backend.BuildOptions{Platform: "arm64"})
	require.ErrorIs(t, err, backend.ErrInvalid)
}

// TestBuildWithoutTag: then the image is the one that the last line names.
func TestBuildWithoutTag(t *testing.T) {
	id := strings.Repeat("ab", 32)
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answer := `{"Id":"` + id + `"}`
		if strings.HasSuffix(r.URL.Path, "/build") {
			context, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, "a tar", string(context))
			require.Equal(t, "application/x-tar", r.Header.Get("Content-Type"))
			answer = `{"stream":"STEP 1/1: FROM scratch\n"}` + "\n" + `{"stream":"` + id + `\n"}`
		} else {
			require.Equal(t, "/v4.0.0/libpod/images/"+id+"/json", r.URL.Path)
		}
		_, err := io.WriteString(w, answer)
		require.NoError(t, err)
	})
	image, err := b.BuildImage(t.Context(), backend.BuildOptions{Context: strings.NewReader("a tar")})
	require.NoError(t, err)
	require.Equal(t, "sha256:"+id, image.ID)
}

// TestPullFailsInStream: the status of such an answer is 200.
func TestPullFailsInStream(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/v4.0.0/libpod/images/pull", r.URL.Path, "nothing else is asked")
		require.Equal(t, noCredentials, r.Header.Get("X-Registry-Auth"))
		_, err := io.WriteString(w, `{"stream":"Trying to pull x...\n"}`+"\n"+`{"error":"reading manifest: manifest unknown"}`)
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

func TestLastLine(t *testing.T) {
	var out strings.Builder
	l := &lastLine{next: &out}
	for _, text := range []string{strings.Repeat("x", 1000), "\nCOMMIT\n", "abc", "def\n\n"} {
		_, err := io.WriteString(l, text)
		require.NoError(t, err)
	}
	require.Equal(t, "abcdef", l.line())
	require.Len(t, out.String(), 1000+len("\nCOMMIT\nabcdef\n\n"))
}

// TestRemoveSharedImageGone: somebody else removes an image that has several names.
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
