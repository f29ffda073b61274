package fault

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

// What is given to netem, and what a loss is that needs none.
func TestMake(t *testing.T) {
	for _, c := range []struct {
		fault       config.NetworkFault
		netem, loss string
	}{
		{config.NetworkFault{Cut: []string{"db"}}, "", ""},
		{config.NetworkFault{Delay: 100 * time.Millisecond, Jitter: 1500 * time.Microsecond}, "delay 100ms 1.5ms", ""},
		{config.NetworkFault{Loss: 5}, "loss 5%", "0.05"},
		{config.NetworkFault{Loss: 0.5, Rate: "1mbit"}, "loss 0.5% rate 1mbit", ""},
	} {
		argv := Make(c.fault, []string{"10.0.0.2"})
		require.Equal(t, []string{c.netem, c.loss, "10.0.0.2"}, argv[len(argv)-3:])
	}
}

// What is missing is found before anything is changed.
func TestMakeRefuses(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("the script is for Linux: there is no sh to try it with")
	}
	const ip = "echo ip $* >> did; echo '2: eth0@if3: <UP>'"
	for name, c := range map[string]struct {
		programs map[string]string
		fault    config.NetworkFault
		want     string
		did      string
	}{
		"no ip":    {nil, config.NetworkFault{Cut: []string{"db"}}, "Set driver.fault_image", ""},
		"no netem": {map[string]string{"ip": ip, "tc": "echo Error: Specified qdisc kind is unknown. >&2; exit 2"}, config.NetworkFault{Delay: time.Second}, "sudo modprobe sch_netem", ""},
		"old tc":   {map[string]string{"ip": ip, "tc": "echo bad argument >&2; exit 1"}, config.NetworkFault{Rate: "1mbit"}, "bad argument", ""},
		"cut":      {map[string]string{"ip": ip}, config.NetworkFault{}, "", "ip route replace blackhole 10.0.0.2\nip -6 route replace blackhole fd00::2\n"},
		"loss":     {map[string]string{"ip": ip, "tc": "exit 1", "iptables": "echo iptables $* >> did"}, config.NetworkFault{Loss: 5}, "", "iptables -N GALLEY\niptables -I OUTPUT -j GALLEY\niptables -F GALLEY\niptables -A GALLEY ! -o lo -m statistic --mode random --probability 0.05 -j DROP\nip route replace blackhole 10.0.0.2\nip -6 route replace blackhole fd00::2\n"},
	} {
		dir := t.TempDir()
		for program, does := range c.programs {
			require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte("#!"+shell+"\n"+does+"\n"), 0o755)) //nolint:gosec // it is run
		}
		cmd := exec.Command(shell, Make(c.fault, []string{"10.0.0.2", "fd00::2"})[1:]...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir}
		out, _ := cmd.CombinedOutput() // its exit code is explained
		if c.want != "" {
			require.ErrorContains(t, Explain(cmd.ProcessState.ExitCode(), "of the runner", string(out)), c.want, name)
		} else {
			require.Zero(t, cmd.ProcessState.ExitCode(), "%s: %s", name, out)
		}
		did, _ := os.ReadFile(filepath.Join(dir, "did"))
		require.Equal(t, c.did, string(did), name)
	}
}
