package chef

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/fastboot"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// candidates are the places of the client in the volumes that tool images declare: /opt/chef, /opt/cinc, or /hab for
// packages of Habitat, such as Chef 19. The product's own place comes first.
func (c Chef) candidates() []string {
	const (
		chefClient = "/opt/chef/bin/chef-client"
		cincClient = "/opt/cinc/bin/cinc-client"
		habChef    = "/hab/pkgs/*/chef-infra-client/*/*/bin/chef-client"
		habCinc    = "/hab/pkgs/*/cinc-client/*/*/bin/cinc-client"
	)
	if c.Provisioner.Chef.ProductName == productCinc {
		return []string{cincClient, habCinc, chefClient, habChef}
	}
	return []string{chefClient, habChef, cincClient, habCinc}
}

// script is run_command: the client's place, and its command lines. kept are the places
// that clean_dokken_sandbox wants empty.
func (c Chef) script(sb sandbox.Dir, kept []string) converge.Script {
	k := c.Provisioner.Chef
	var s converge.Script
	if k.Binary == "" {
		s.Locate("client", c.candidates(), "")
		if k.FastBoot {
			s.Line(fastboot.UseLine)
		}
	}
	if k.CleanSandbox {
		var places []string
		for _, p := range kept {
			places = append(places, path.Join(sb.Remote, p))
		}
		// A further try of the same converge finds what the one before left.
		s.Add(`[ -n "$%s" ] || rm -rf %s`, converge.TryVariable, runner.QuoteAll(places))
	}
	for i := 1; i < c.runs(); i++ {
		s.Add("%s || exit", c.command(sb, clientFile))
	}
	last := clientFile
	if c.strict() {
		last = strictFile
	}
	s.Line(c.command(sb, last))
	return s
}

// boot is a converge of nothing, whose start is that of all others. A client of the user's own is left alone.
func (c Chef) boot() *fastboot.Program {
	if k := c.Provisioner.Chef; !k.FastBoot || k.Binary != "" {
		return nil
	}
	var s converge.Script
	s.Locate("client", c.candidates(), "")
	s.Line(`cd "$(mktemp -d)" && mkdir cookbooks && echo '{"run_list": []}' > dna.json || exit`)
	s.Line(`echo "node_name 'boot'; file_cache_path '$PWD/cache'; cookbook_path ['$PWD/cookbooks']" > client.rb`)
	s.Line(`"$client" -z -l fatal -F doc -c "$PWD/client.rb" -j "$PWD/dna.json" --force-formatter --no-color`)
	return &fastboot.Program{Script: s.String(), Env: c.license(map[string]string{})}
}

// license adds the variables of Chef's licence to an environment.
func (c Chef) license(env map[string]string) map[string]string {
	k := c.Provisioner.Chef
	for name, value := range map[string]string{"CHEF_LICENSE": k.License, "CHEF_LICENSE_KEY": k.LicenseKey,
		"CHEF_LICENSE_SERVER": k.LicenseServer} {
		if value != "" && env[name] == "" {
			env[name] = value
		}
	}
	return env
}

// command is the client's command line as users of kitchen-dokken know it, with each option once.
func (c Chef) command(sb sandbox.Dir, conf string) string {
	k := c.Provisioner.Chef
	words := runner.Words{cmp.Or(k.Binary, `"$client"`)}
	o := strings.TrimSpace(k.Options)
	words.If(o != "", o)
	// json_attributes: false changes nothing: kitchen-dokken names the file all the same.
	words.Add("-l", c.level(), "-F", k.OutputFormat, "-c", runner.Quote(path.Join(sb.Remote, conf)),
		"-j", runner.Quote(path.Join(sb.Remote, dnaFile)), "--force-formatter")
	words.If(!slices.Contains(strings.Fields(k.Options), "--color"), "--no-color")
	words.If(k.LogFile != "", "--logfile", runner.Quote(k.LogFile))
	words.If(k.ZeroHost != "", "--chef-zero-host", runner.Quote(k.ZeroHost))
	words.If(k.ZeroPort != 0, "--chef-zero-port", strconv.Itoa(k.ZeroPort))
	words.If(k.ProfileRuby, "--profile-ruby")
	switch k.SlowReport {
	case "", "false":
	case "true":
		words.Add("--slow-report")
	default:
		words.Add("--slow-report", k.SlowReport)
	}
	return strings.Join(words, " ")
}

// level is the log level: kitchen.yml's, or debug with --debug when that leaves it to the client.
func (c Chef) level() string {
	level := cmp.Or(c.Provisioner.Chef.LogLevel, defaultLevel)
	if c.Debug && level == defaultLevel {
		return "debug"
	}
	return level
}

// hints explain the client's exit codes.
func (c Chef) hints() map[int]string {
	missing := "the client was not found in the runner\nCheck driver.chef_image, or set provisioner.chef_binary"
	if c.Provisioner.Chef.Binary != "" {
		missing = "provisioner.chef_binary was not found in the runner"
	}
	return map[int]string{
		35: "a reboot was requested, which a container without an init cannot do\n" +
			"Remove 35 from provisioner.retry_on_exit_code to stop trying again, or run systemd by driver.pid_one_command",
		37:  "a reboot was scheduled, which a container without an init cannot do",
		43:  "its configuration is invalid; see provisioner.client_rb",
		127: missing,
		172: "Chef's licence is not accepted\n" +
			"Set provisioner.chef_license: accept-no-persist or CHEF_LICENSE, or use product_name: cinc",
		213: "the client has replaced itself and wants to be run again",
	}
}
