package text

import (
	"fmt"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// Fold is the syntax of sections that a CI system folds in its log viewer.
type Fold int

// The syntaxes.
const (
	FoldNone Fold = iota
	// FoldGitHub is ::group:: of GitHub Actions.
	FoldGitHub
	// FoldGitLab is section_start of GitLab CI.
	FoldGitLab
	// FoldAzure and FoldTeamCity fold nothing; commands to those systems in the output of tools are made harmless.
	FoldAzure
	FoldTeamCity
)

// FoldFor returns, by the environment, which CI system's log this is.
func FoldFor(getenv func(string) string) Fold {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return FoldGitHub
	case getenv("GITLAB_CI") != "":
		return FoldGitLab
	case strings.EqualFold(getenv("TF_BUILD"), "true"):
		return FoldAzure
	case getenv("TEAMCITY_VERSION") != "":
		return FoldTeamCity
	default:
		return FoldNone
	}
}

// Sections reports whether there are sections to fold.
func (f Fold) Sections() bool { return f == FoldGitHub || f == FoldGitLab }

// Start is the line that opens a section. GitLab needs the time and a name that is unique in the job's log.
func (f Fold) Start(name, title string, at time.Time) string {
	switch f {
	case FoldGitHub:
		return "::group::" + GitHubData(title) + "\n"
	case FoldGitLab:
		return fmt.Sprintf("\x1b[0Ksection_start:%d:%s[collapsed=true]\r\x1b[0K%s\n", at.Unix(), sectionName(name), title)
	default:
		return ""
	}
}

// End is the line that closes it.
func (f Fold) End(name string, at time.Time) string {
	switch f {
	case FoldGitHub:
		return "::endgroup::\n"
	case FoldGitLab:
		return fmt.Sprintf("\x1b[0Ksection_end:%d:%s\r\x1b[0K\n", at.Unix(), sectionName(name))
	default:
		return ""
	}
}

// Defuse keeps what a command printed from being taken for a command to the CI system: GitHub's runner executes
// "::name::" at the start of a line, blanks before it or not, and "##[name]" anywhere in it; Azure's agent
// "##vso[name]" and "##[name]", and TeamCity's "##teamcity[name]", anywhere.
func (f Fold) Defuse(s string) string {
	switch f {
	case FoldGitHub:
		if trimmed := strings.TrimLeft(s, " \t"); strings.HasPrefix(trimmed, "::") {
			s = s[:len(s)-len(trimmed)] + ": " + trimmed[1:]
		}
		return strings.ReplaceAll(s, "##[", "# #[")
	case FoldAzure, FoldTeamCity:
		return ciCommand().ReplaceAllString(s, "# #$1[")
	default:
		return s
	}
}

// ciCommand is how a command to Azure's or TeamCity's agent begins.
var ciCommand = lazyregexp.New(`(?i)##(vso|teamcity|)\[`)

// sectionName keeps to the characters that GitLab allows.
func sectionName(s string) string {
	return notInSection().ReplaceAllString(s, "_")
}

var notInSection = lazyregexp.New(`[^a-zA-Z0-9_.-]`)

// GitHubData escapes the text of a workflow command.
func GitHubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// GitHubProperty escapes the value of a property of a workflow command.
func GitHubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
