package keys

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// publish decodes `publish:`.
func (r *resolver) publish(block *yaml11.Value) config.Publish {
	return r.mapping(SectionPublish, block, "write the names as `publish: {refs: [...]}`").Publish
}

// mapping decodes a block that is no plugin's: a word alone, which would be a plugin's name, is wrong there.
func (r *resolver) mapping(in Section, block *yaml11.Value, hint string) *config.Instance {
	d := r.decoder()
	if _, at := kitchen.PluginName(block); at != nil {
		d.spelt = string(in)
		d.errorAt(at, hint, "expected a mapping, found %s", describe(at))
	}
	d.block(in, "", block)
	return d.inst
}

// exposedPorts reads ports of a container: "80", "53/udp".
func exposedPorts(d *decoder, v *yaml11.Value) ([]string, bool) {
	ports, ok := texts(d, v)
	for n, port := range ports {
		number, protocol, _ := strings.Cut(port, "/")
		if protocol == "" {
			protocol = "tcp"
		}
		if p, err := strconv.ParseUint(number, 10, 16); err != nil || p == 0 ||
			protocol != "tcp" && protocol != "udp" && protocol != "sctp" {
			return nil, d.errorAt(v, "write a number, or one with its protocol: 53/udp", "%q is no port", port)
		}
		ports[n] = number + "/" + protocol
	}
	return ports, ok
}

// healthCheck reads how a container is seen to be well.
func healthCheck(d *decoder, v *yaml11.Value) (*config.HealthCheck, bool) {
	if v.Kind != yaml11.Map {
		return nil, d.wrongType(v)
	}
	h, good := &config.HealthCheck{}, true
	times := map[string]*time.Duration{"interval": &h.Interval, "timeout": &h.Timeout, "start_period": &h.StartPeriod}
	for _, e := range entries(v) {
		var ok bool
		switch to := times[e.Key]; {
		case to != nil:
			*to, ok = seconds(d, e.Value)
		case e.Key == "retries":
			h.Retries, ok = small(d, e.Value)
		case e.Key == "test" && e.Value.Kind == yaml11.Seq:
			if h.Test, ok = texts(d, e.Value); ok && len(h.Test) > 0 &&
				!slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, h.Test[0]) {
				h.Test = append([]string{"CMD"}, h.Test...)
			}
		case e.Key == "test":
			var line string
			line, ok = text(d, e.Value)
			h.Test = []string{"CMD-SHELL", line}
		default:
			ok = d.errorAt(e.Value, suggestion(e.Key, []string{"test", "interval", "timeout", "start_period", "retries"}),
				"%s: unknown key", e.Key)
		}
		good = good && ok
	}
	if good && len(h.Test) == 0 {
		good = d.errorAt(v, "add `test: ` and a command", "it has no test")
	}
	return h, good
}
