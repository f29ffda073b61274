// Package fault has the commands that make the network of a container a bad one, for a helper that shares it.
package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
)

// The exit codes of Make besides 0.
const (
	noIP    = 70
	noTC    = 71
	noNetem = 72
)

// devices prints the names of all interfaces but the loopback one.
const devices = `devices() { ip -o link | sed -n 's/^[0-9]*: \([^:@]*\)[:@].*/\1/p' | grep -v '^lo$'; }
`

// make does what its arguments say: what netem gets, how likely a loss is that needs no netem, and the addresses that are
// cut off. What the kernel or the image lacks is found before anything is changed. A lost packet needs no netem where
// iptables is.
const makeScript = devices + `netem=$1 loss=$2; shift 2
command -v ip >/dev/null || exit 70
if [ -n "$netem" ]; then
  if why=$(tc qdisc add dev lo root netem limit 1000 2>&1); then
    tc qdisc del dev lo root
  elif [ -n "$loss" ] && command -v iptables >/dev/null; then
    netem=
  else
    case $why in
    *"kind is unknown"*) exit 72;;
    *"File exists"*) ;;
    *) echo "$why" >&2; exit 71;;
    esac
  fi
  [ -z "$netem" ] || loss=
fi
if [ -n "$loss" ]; then
  iptables -N GALLEY 2>/dev/null && iptables -I OUTPUT -j GALLEY
  iptables -F GALLEY && iptables -A GALLEY ! -o lo -m statistic --mode random --probability "$loss" -j DROP || exit 1
fi
if [ -n "$netem" ]; then
  for d in $(devices); do tc qdisc replace dev "$d" root netem $netem || exit 1; done
fi
for a; do
  case $a in
  *:*) ip -6 route replace blackhole "$a" || exit 1;;
  *) ip route replace blackhole "$a" || exit 1;;
  esac
done`

// healScript ends all that makeScript made.
const healScript = devices + `for v in -4 -6; do
  ip $v route 2>/dev/null | sed -n 's/^blackhole \([^ ]*\).*/\1/p' | while read -r a; do ip $v route del blackhole "$a"; done
done
for d in $(devices); do tc qdisc del dev "$d" root 2>/dev/null; done
if command -v iptables >/dev/null && iptables -F GALLEY 2>/dev/null; then
  iptables -D OUTPUT -j GALLEY; iptables -X GALLEY
fi
exit 0`

// Make is the command that makes a fault; addresses are those that are cut off.
func Make(f config.NetworkFault, addresses []string) []string {
	var netem []string
	if f.Delay > 0 {
		netem = append(netem, "delay", milliseconds(f.Delay))
	}
	if f.Jitter > 0 {
		netem = append(netem, milliseconds(f.Jitter))
	}
	loss := ""
	if f.Loss > 0 {
		netem = append(netem, "loss", strconv.FormatFloat(f.Loss, 'f', -1, 64)+"%")
		if f.Delay == 0 && f.Rate == "" {
			loss = strconv.FormatFloat(f.Loss/100, 'f', -1, 64)
		}
	}
	if f.Rate != "" {
		netem = append(netem, "rate", f.Rate)
	}
	return append([]string{"sh", "-c", makeScript, "sh", strings.Join(netem, " "), loss}, addresses...)
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + "ms"
}

// Heal is the command that ends all faults.
func Heal() []string { return []string{"sh", "-c", healScript} }

// HealAfter is a command that ends all faults after a time; without one it waits for its end.
func HealAfter(d time.Duration) []string {
	if d == 0 {
		return []string{"sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"}
	}
	return []string{"sh", "-c", fmt.Sprintf("sleep %d; ", int((d+time.Second-1)/time.Second)) + healScript}
}

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
		return fmt.Errorf("no network fault was made: the kernel of the engine's machine has no sch_netem\n" +
			"Run `sudo modprobe sch_netem` there (Fedora: package kernel-modules-extra), or use only `cut`, which needs none; " +
			"`galley doctor` says whether it is there")
	}
	return fmt.Errorf("the network fault could not be made: exit code %d: %s", code, strings.TrimSpace(printed))
}
