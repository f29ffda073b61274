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
		fault             config.NetworkFault
		netem, loss, rate string
	}{
		{config.NetworkFault{Cut: []string{"db"}}, "", "", ""},
		{config.NetworkFault{Delay: 100 * time.Millisecond, Jitter: 1500 * time.Microsecond}, "delay 100ms 1.5ms", "", ""},
		{config.NetworkFault{Loss: 5}, "loss 5%", "0.05", ""},
		{config.NetworkFault{Loss: 0.5, Rate: "1mbit"}, "loss 0.5% rate 1mbit", "0.005", "1mbit"},
		{config.NetworkFault{Delay: time.Second, Loss: 1, Rate: "1mbit"}, "delay 1000ms loss 1% rate 1mbit", "", ""},
	} {
		argv := Make(c.fault, []string{"10.0.0.2"})
		require.Equal(t, []string{c.netem, c.loss, c.rate, "10.0.0.2"}, argv[len(argv)-4:])
	}
}

// What is missing is found before anything is changed.
func TestMakeRefuses(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("the script is for Linux: there is no sh to try it with")
	}
	const (
		ip     = "case $* in -o*) echo '2: eth0@if3: <UP> mtu 1500 qdisc noop';; *) echo ip $* >> did;; esac"
		record = "echo ${0##*/} $* >> did"
		tc     = "case $* in *netem*) echo Error: Specified qdisc kind is unknown. >&2; exit 2;; *' dev lo '*) ;; *) " + record + ";; esac"
		cut    = "ip route replace blackhole 10.0.0.2\nip -6 route replace blackhole fd00::2\n"
		heal   = "tc qdisc del dev eth0 root\n"
		lose   = "iptables -F GALLEY\niptables -D OUTPUT -j GALLEY\niptables -X GALLEY\niptables -N GALLEY\niptables -I OUTPUT -j GALLEY\n" +
			"iptables -A GALLEY ! -o lo -m statistic --mode random --probability 0.05 -j NFQUEUE --queue-num 65535\n"
		slow = "tc qdisc replace dev eth0 root tbf rate 1mbit burst 6500 limit 1500000\n"
	)
	for name, c := range map[string]struct {
		programs map[string]string
		fault    config.NetworkFault
		want     string
		did      string
	}{
		"no ip":           {nil, config.NetworkFault{Cut: []string{"db"}}, "Set driver.fault_image", ""},
		"no netem":        {map[string]string{"ip": ip, "tc": tc}, config.NetworkFault{Delay: time.Second}, "sudo modprobe sch_netem", ""},
		"delay and rate":  {map[string]string{"ip": ip, "tc": tc}, config.NetworkFault{Delay: time.Second, Rate: "1mbit"}, "sudo modprobe sch_netem", ""},
		"old kernel":      {map[string]string{"ip": ip, "tc": "echo RTNETLINK answers: No such file or directory >&2; exit 2"}, config.NetworkFault{Rate: "1mbit"}, "kernel-modules-extra", ""},
		"old tc":          {map[string]string{"ip": ip, "tc": "echo bad argument >&2; exit 1"}, config.NetworkFault{Rate: "1mbit"}, "bad argument", ""},
		"cut":             {map[string]string{"ip": ip}, config.NetworkFault{}, "", cut},
		"loss":            {map[string]string{"ip": ip, "tc": tc, "iptables": record}, config.NetworkFault{Loss: 5}, "", heal + lose + cut},
		"loss without tc": {map[string]string{"ip": ip, "iptables": record}, config.NetworkFault{Loss: 5}, "", lose + cut},
		"rate":            {map[string]string{"ip": ip, "tc": tc}, config.NetworkFault{Rate: "1mbit"}, "", heal + slow + cut},
		"loss and rate":   {map[string]string{"ip": ip, "tc": tc, "iptables": record}, config.NetworkFault{Loss: 5, Rate: "1mbit"}, "", heal + lose + slow + cut},
		"no iptables":     {map[string]string{"ip": ip, "tc": tc}, config.NetworkFault{Loss: 5, Rate: "1mbit"}, "sudo modprobe sch_netem", ""},
		"netem": {map[string]string{"ip": ip, "tc": "case $* in *' dev lo '*) ;; *) " + record + ";; esac"}, config.NetworkFault{Loss: 5, Rate: "1mbit"}, "",
			heal + "tc qdisc replace dev eth0 root netem loss 5% rate 1mbit\n" + cut},
	} {
		dir := t.TempDir()
		for _, program := range []string{"grep", "sed"} {
			file, err := exec.LookPath(program)
			require.NoError(t, err)
			require.NoError(t, os.Symlink(file, filepath.Join(dir, program)))
		}
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
