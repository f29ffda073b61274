package runner

import (
	"cmp"
	"maps"
	"strings"

	"github.com/galley-kitchen/galley/config"
)

// tkEnvPrefix marks variables of galley's environment that are handed on to commands in runners, without the prefix.
const tkEnvPrefix = "TKENV_"

// KitchenEnv is what every command in a runner finds in its environment, as Test Kitchen has it: TEST_KITCHEN, CI,
// CHEF_LICENSE, the proxies in both cases, and the TKENV_ variables. environ are the variables of galley's own
// environment as KEY=VALUE pairs; a proxy that is not set is taken from there. more comes over all.
func KitchenEnv(environ []string, proxy config.Proxy, more map[string]string) map[string]string {
	own := make(map[string]string, len(environ))
	env := map[string]string{"TEST_KITCHEN": "1"}
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		own[k] = v
		if name, ok := strings.CutPrefix(k, tkEnvPrefix); ok && name != "" {
			env[name] = v
		}
	}
	for _, name := range []string{"CI", "CHEF_LICENSE"} {
		if v := own[name]; v != "" {
			env[name] = v
		}
	}
	for name, value := range map[string]string{
		"http_proxy": proxy.HTTP, "https_proxy": proxy.HTTPS, "ftp_proxy": proxy.FTP, "no_proxy": proxy.No,
	} {
		upper := strings.ToUpper(name)
		if value = cmp.Or(value, own[upper], own[name]); value != "" {
			env[name], env[upper] = value, value
		}
	}
	maps.Copy(env, more)
	return env
}
