package kitchen

import (
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// instanceName joins the names of a suite and a platform as Test Kitchen does:
// `_`, `,` and `/` become `-`, dots are dropped. Case is kept.
func instanceName(suite, platform string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', ',', '/':
			return '-'
		case '.':
			return -1
		}
		return r
	}, suite+"-"+platform)
}

// windowsName matches platform names that mean Windows.
var windowsName = lazyregexp.New(`(?mi)^win`)

// The names of the plugins that are used when kitchen.yml names none.
const (
	defaultDriver           = "dummy"
	defaultProvisioner      = "shell"
	defaultVerifier         = "busser"
	defaultTransport        = "ssh"
	defaultWindowsTransport = "winrm"
)

// defaultPlugin is the name of the plugin of a kind (`driver`, `provisioner`,
// `verifier`, `transport`) for a platform, or "" for other kinds.
func defaultPlugin(kind string, windows bool) string {
	switch kind {
	case "driver":
		return defaultDriver
	case "provisioner":
		return defaultProvisioner
	case "verifier":
		return defaultVerifier
	case "transport":
		if windows {
			return defaultWindowsTransport
		}
		return defaultTransport
	}
	return ""
}
