package keys

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// What applies where `ready:` does not say it.
const (
	readyTimeout  = time.Minute
	readyInterval = 250 * time.Millisecond
)

// ready reads how a container is seen to be ready.
func ready(d *decoder, v *yaml11.Value) (*config.Ready, bool) {
	if v.Kind != yaml11.Map {
		return nil, d.expected(v, "a hash such as {port: 5432}")
	}
	r := &config.Ready{Timeout: readyTimeout, Interval: readyInterval}
	return r, d.fields(SectionReady, v, r)
}

// onePort reads the number of a port.
func onePort(d *decoder, v *yaml11.Value) (int, bool) {
	port, ok := small(d, v)
	if ok && (port == 0 || port > 65535) {
		return 0, d.expected(v, "a port from 1 to 65535")
	}
	return port, ok
}

// address reads a URL of HTTP with a port that can be known.
func address(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	u, err := url.Parse(s)
	if ok && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		strings.ContainsAny(s, " \n\r")) {
		return "", d.errorAt(v, "write for example http://localhost:8080/health", "%q is no URL of HTTP", s)
	}
	return s, ok
}

// logPattern reads a regular expression.
func logPattern(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if _, err := regexp.Compile(s); err != nil {
		return "", d.errorAt(v, "the syntax is that of Go's regexp package", "it is no regular expression: %v", err)
	}
	return s, ok
}

// shellCommand reads the words of a command, or a line for a shell.
func shellCommand(d *decoder, v *yaml11.Value) ([]string, bool) {
	if v.Kind == yaml11.Seq {
		return texts(d, v)
	}
	line, ok := text(d, v)
	return []string{"sh", "-c", line}, ok
}

// pathInside reads a path in the container.
func pathInside(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if ok && !isAbsoluteTarget(s) {
		return "", d.errorAt(v, "begin the path with a slash", "the path in the container is not absolute")
	}
	return s, ok
}

// onOrOff is boolean for what is else decided later.
func onOrOff(d *decoder, v *yaml11.Value) (*bool, bool) {
	on, ok := boolean(d, v)
	return &on, ok
}

// someTime reads a time above 0.
func someTime(d *decoder, v *yaml11.Value) (time.Duration, bool) {
	t, ok := seconds(d, v)
	if ok && t == 0 {
		return 0, d.expected(v, "a time above 0")
	}
	return t, ok
}

// dependsOn reads `depends_on`: a list of services, or compose's long form of one. Which condition that names makes no
// difference: a service is waited for until it is ready.
func dependsOn(d *decoder, v *yaml11.Value) ([]string, bool) {
	if v.Kind != yaml11.Map {
		return texts(d, v)
	}
	var list []string
	for _, e := range entries(v) {
		if e.Value.Kind == yaml11.Map {
			c := either(e.Value, "condition")
			word, _ := c.Text()
			if known := []string{"service_healthy", "service_started"}; !slices.Contains(known, word) {
				return nil, d.notOneOf(known, c, word)
			}
		} else if e.Value.Kind != yaml11.Null {
			return nil, d.expected(e.Value, "a hash such as {condition: service_healthy}")
		}
		list = append(list, e.Key)
	}
	return list, true
}

// serviceList decodes `services:` and puts them in the order in which they are started.
func (r *resolver) serviceList(block *yaml11.Value) []config.Service {
	named := map[string]config.Service{}
	needs := map[string]*yaml11.Value{} // depends_on, where it is
	for _, e := range entries(block) {
		d := r.decoder()
		d.spelt = "services." + e.Key
		switch {
		case !kitchen.IsHostName(e.Key):
			r.diags.ErrorAt(e.KeyPos, d.spelt, fmt.Sprintf("services: %q cannot be the name of a host", e.Key),
				kitchen.HostNameHint)
			continue
		case e.Value.Kind != yaml11.Map:
			d.expected(e.Value, "a hash such as {image: postgres:17}")
			continue
		}
		s := config.Service{Name: e.Key, Ready: &config.Ready{Timeout: readyTimeout, Interval: readyInterval}}
		d.into, d.at = &s, d.spelt
		d.block(SectionService, "", e.Value)
		if s.Image == "" {
			d.spelt = d.at
			d.errorAt(e.Value, "add `image: …`", "it has no image")
		}
		named[e.Key], needs[e.Key] = s, d.set["depends_on"]
	}
	return r.inOrder(block, named, needs)
}

// inOrder puts each service behind those that it depends on, and else in the order of the file.
func (r *resolver) inOrder(block *yaml11.Value, named map[string]config.Service,
	needs map[string]*yaml11.Value) []config.Service {
	var list []config.Service
	done, path := map[string]bool{}, []string{}
	var add func(name string) bool
	add = func(name string) bool {
		bad := func(hint, why string) bool {
			r.diags.ErrorAt(needs[name].Pos, "services.depends_on", "services."+name+".depends_on: "+why, hint)
			return false
		}
		if at := slices.Index(path, name); at >= 0 {
			return bad("one of them has to do without the other",
				"a circle: "+strings.Join(append(path[at:], name), " needs "))
		}
		s, ok := named[name]
		if !ok || done[name] { // an entry that is wrong is reported already
			return true
		}
		path = append(path, name)
		for _, need := range s.DependsOn {
			if _, ok := named[need]; !ok {
				return bad(suggestion(need, namesIn(named)), fmt.Sprintf("there is no service %q", need))
			}
			if !add(need) {
				return false
			}
		}
		path = path[:len(path)-1]
		done[name] = true
		list = append(list, s)
		return true
	}
	for _, e := range entries(block) {
		if !add(e.Key) {
			return nil
		}
	}
	return list
}

// splitShared takes the shared services out of a list, and out of what others wait for: they are there before. One of a
// name is the same for all instances.
func (r *resolver) splitShared(all []config.Service, block *yaml11.Value) (own, shared []config.Service) {
	for _, s := range all {
		if !s.Shared {
			s.DependsOn = slices.DeleteFunc(slices.Clone(s.DependsOn), func(need string) bool {
				return slices.ContainsFunc(all, func(o config.Service) bool { return o.Name == need && o.Shared })
			})
			own = append(own, s)
			continue
		}
		shared = append(shared, s)
		key, at := "services."+s.Name, either(block, s.Name).Pos
		if len(s.DependsOn) > 0 {
			r.diags.ErrorAt(at, key, key+": it is shared, and so cannot wait for a service of one instance",
				"remove its `depends_on`, or `shared`")
		}
		if first, ok := r.shared[s.Name]; ok && !reflect.DeepEqual(first, s) {
			r.diags.ErrorAt(at, key, key+": it is shared, and other instances have it otherwise",
				"say the same of it everywhere, best at the root, or give it another name here")
		}
		r.shared[s.Name] = s
	}
	return own, shared
}

// checkServices refuses services of a runner that cannot be on their network.
func (r *resolver) checkServices(i config.Instance, raw kitchen.RawInstance) {
	if len(i.Services)+len(i.Shared) == 0 || i.Driver.Network.Mode == spec.NetworkNamed {
		return
	}
	r.diags.ErrorAt(raw.Services.Pos, "services",
		fmt.Sprintf("services: the runner of %s cannot be on their network with network_mode %s", i.Name, i.Driver.Network),
		"leave network_mode out, or name a network: the runner is then on that one and on theirs")
}
