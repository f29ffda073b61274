package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestBuildFeatures(t *testing.T) {
	for dockerfile, want := range map[string][]backend.BuildFeature{
		"FROM a\nRUN echo hi && \\\n  echo --mount\nCOPY --chown=1 a b": nil,
		"RUN <<EOF\necho one\nEOF\n":                                    {backend.BuildHeredoc},
		"run cat <<-'END' > /x\n\ttext\n\tEND\nRUN true":                {backend.BuildHeredoc},
		"COPY <<a <<b /dir/\n1\na\n2\nb\n":                              {backend.BuildHeredoc, backend.BuildCopy},
		"RUN echo $((1<<3)) '<<EOF'":                                    nil,
		"RUN grep <<EOF file":                                           nil, // it never ends
		"ENV X <<EOF\nEOF":                                              nil,
		"RUN --mount=type=cache,target=/c --network=none true":          {backend.BuildMount, "RUN --network"},
		"COPY --chmod=600 a b\nADD --chmod=600 c d":                     {"COPY --chmod", "ADD --chmod", backend.BuildCopy},
		"RUN <<EOF\nRUN --mount=x\nEOF\nRUN --network=host true":        {backend.BuildHeredoc, "RUN --network"},
		"RUN --mount=type=secret,id=a --mount=target=/s,type=ssh true":  {backend.BuildSecret, backend.BuildSSH},
		"ARG A=TARGETOS TARGETARCH\nARG BUILDOS=x":                      {"ARG TARGETARCH", "ARG BUILDOS"},
		"RUN --mount=from=a,target=/type=ssh true":                      {backend.BuildMount},
	} {
		require.Equal(t, want, buildFeatures(dockerfile), dockerfile)
	}
}

func TestSecretMounts(t *testing.T) {
	type needed = map[string]bool
	for dockerfile, want := range map[string]needed{
		"RUN --mount=type=secret,id=a true":                                                    {"a": true},
		"run --mount=id=a,type=secret --mount=type=secret,source=b,id=x true":                  {"a": true, "b": true},
		"RUN --mount=type=cache,target=/c \\\n # why\n --mount=type=secret,id=a,required true": {"a": true},
		"RUN --mount=type=secret,target=/root/.npmrc true":                                     {".npmrc": true},
		"RUN --mount=type=secret,src=a,dst=/x true":                                            {"a": true},
		"RUN --mount=type=secret,id=a,required=false true":                                     {"a": false},
		"RUN --mount=type=secret,id=a,required=false true\nRUN --mount=type=secret,id=a true\n" +
			"RUN --mount=type=secret,id=a,required=false true": {"a": true},
		"RUN --mount=type=secret,env=A true":                          {}, // which the builder refuses
		"# RUN --mount=type=secret,id=a true":                         {},
		"RUN echo --mount=type=secret,id=a":                           {},
		"RUN <<EOF\nRUN --mount=type=secret,id=a true\nEOF\nRUN true": {},
		"COPY --mount=type=secret,id=a x y":                           {},
		"RUN --mount=type=cache,id=a,target=/type=secret true":        {},
	} {
		require.Equal(t, want, secretMounts(dockerfile), dockerfile)
	}
}
