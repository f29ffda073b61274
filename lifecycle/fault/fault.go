// Package fault has the commands that make the network of a container a bad one, for a helper that shares it.
package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// The exit codes of Make besides 0.
const (
	noIP    = 70
	noTC    = 71
	noNetem = 72
)

// shared are the functions of both scripts: devices prints the names of all interfaces but the loopback one, and
// unshape ends what delays, slows and loses packets.
const shared = `devices() { ip -o link | sed -n 's/^[0-9]*: \([^:@]*\)[:@].*/\1/p' | grep -v '^lo$'; }
unshape() {
  for d in $(devices); do tc qdisc del dev "$d" root 2>/dev/null; done
  if command -v iptables >/dev/null && iptables -F GALLEY 2>/dev/null; then
    iptables -D OUTPUT -j GALLEY; iptables -X GALLEY
  fi
}
`

// makeScript does what its arguments say: what netem gets, the loss and the rate that can be had without netem, and the
// addresses that are cut off. What the kernel or the image lacks is found before anything is changed. Where there is no
// netem, packets are lost by iptables and slowed by tbf, which drops those that are longer than its burst. A queue
// without a reader loses packets as a network does; after DROP, who sends one by itself is told.
const makeScript = shared + `netem=$1 loss=$2 rate=$3; shift 3
command -v ip >/dev/null || exit 70
able() { why=$(tc qdisc replace dev lo root "$@" 2>&1) && tc qdisc del dev lo root; }
if [ -n "$netem" ]; then
  if able netem limit 1000; then
    loss= rate=
  elif [ -n "$loss$rate" ] && { [ -z "$loss" ] || command -v iptables >/dev/null; } &&
    { [ -z "$rate" ] || able tbf rate "$rate" burst 5000 limit 1500000; }; then
    netem=
  else
    case $why in *"kind is unknown"* | *"qdisc not found"* | *"No such file"* | *"not supported"*) exit 72;; esac
    echo "$why" >&2; exit 71
  fi
  unshape
fi
if [ -n "$loss" ]; then
  lose() { iptables -A GALLEY ! -o lo -m statistic --mode random --probability "$loss" -j "$@"; }
  iptables -N GALLEY && iptables -I OUTPUT -j GALLEY &&
    { lose NFQUEUE --queue-num 65535 2>/dev/null || lose DROP; } || exit 1
fi
for d in $(devices); do
  if [ -n "$netem" ]; then
    tc qdisc replace dev "$d" root netem $netem || exit 1
  elif [ -n "$rate" ]; then
    mtu=$(ip -o link show dev "$d" | sed 's/.* mtu \([0-9]*\).*/\1/')
    tc qdisc replace dev "$d" root tbf rate "$rate" burst $((mtu + 5000)) limit 1500000 || exit 1
  fi
done
for a; do
  case $a in
  *:*) ip -6 route replace blackhole "$a" || exit 1;;
  *) ip route replace blackhole "$a" || exit 1;;
  esac
done`

// healScript ends all that makeScript made.
const healScript = shared + `for v in -4 -6; do
  ip $v route 2>/dev/null | sed -n 's/^blackhole \([^ ]*\).*/\1/p' |
    while read -r a; do ip $v route del blackhole "$a"; done
done
unshape
exit 0`

// Make is the command that makes a fault; addresses are those that are cut off.
func Make(f config.NetworkFault, addresses []string) []string {
	var netem runner.Words
	netem.If(f.Delay > 0, "delay", milliseconds(f.Delay))
	netem.If(f.Jitter > 0, milliseconds(f.Jitter))
	netem.If(f.Loss > 0, "loss", decimal(f.Loss)+"%")
	netem.If(f.Rate != "", "rate", f.Rate)
	loss, rate := "", f.Rate
	if f.Loss > 0 {
		loss = decimal(f.Loss / 100)
	}
	if f.Delay > 0 { // which nothing but netem makes
		loss, rate = "", ""
	}
	return append([]string{"sh", "-c", makeScript, "sh", strings.Join(netem, " "), loss, rate}, addresses...)
}

func milliseconds(d time.Duration) string {
	return decimal(float64(d)/float64(time.Millisecond)) + "ms"
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Heal is the command that ends all faults.
func Heal() []string { return []string{"sh", "-c", healScript} }

// HealAfter is a command that ends all faults after a time; without one it waits for its end.
func HealAfter(d time.Duration) []string {
	if d == 0 {
		return []string{"sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"}
	}
	return []string{"sh", "-c", fmt.Sprintf("sleep %d; ", int((d+time.Second-1)/time.Second)) + healScript}
}

// LoadNetem is how people get the kernel's module that Make needs most.
const LoadNetem = "Run `sudo modprobe sch_netem` there. Where it is not found: on Fedora and RHEL " +
	"`sudo dnf install kernel-modules-extra`, on Ubuntu `sudo apt install linux-modules-extra-$(uname -r)`; on Debian " +
	"it is part of the kernel's package, so restart if that was updated. Docker Desktop and WSL have the kernel that " +
	"they come with: update them, or use an engine on Linux"

// Explain says why Make has ended with another code than 0. printed is what it printed on stderr.
func Explain(code int, image, printed string) error {
	switch code {
	case noIP, 126, 127:
		return fmt.Errorf("no network fault was made: the image %s has no program `ip`\n"+
			"Set driver.fault_image to an image with busybox or iproute2", image)
	case noTC:
		return fmt.Errorf("no network fault was made: `tc` of the image %s cannot do it: %s\n"+
			"Set driver.fault_image to an image with iproute2, or use only `cut`", image, strings.TrimSpace(printed))
	case noNetem:
		return fmt.Errorf("no network fault was made: the kernel of the engine's machine has no sch_netem\n"+
			"%s. `cut`, and `loss` and `rate` without `delay`, do without it where the image has iptables and tc; "+
			"`galley doctor` says whether it is there", LoadNetem)
	}
	return fmt.Errorf("the network fault could not be made: exit code %d: %s", code, strings.TrimSpace(printed))
}
