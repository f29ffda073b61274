package keys

import (
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// checkMounts reports two different mounts at one place, and drops repeated ones.
func (d *decoder) checkMounts(block *yaml11.Value) {
	dr := &d.inst.Driver
	at := map[string]spec.Mount{}
	var out []spec.Mount
	for _, m := range dr.Mounts {
		target := strings.TrimRight(m.Target, "/")
		have, taken := at[target]
		switch {
		case !taken:
			at[target] = m
			out = append(out, m)
		case have.String() != m.String():
			d.diags.ErrorAt(d.placeOf(block, "volumes", "tmpfs", "mounts", "binds", "run_options"), "driver.volumes",
				"driver.volumes: both "+have.String()+" and "+m.String()+" are mounted at "+m.Target, "remove one of the two")
		}
	}
	dr.Mounts = out
}

// hostEnd is a port without its end in the container.
func hostEnd(p spec.PortMapping) spec.PortMapping {
	p.ContainerPort = 0
	return p
}

// checkPorts reports one host port that is published twice.
func (d *decoder) checkPorts(block *yaml11.Value) {
	seen := map[spec.PortMapping]spec.PortMapping{}
	for _, p := range d.inst.Driver.Ports {
		if p.HostPort == 0 {
			continue
		}
		e := hostEnd(p)
		if have, taken := seen[e]; taken && have != p {
			d.diags.ErrorAt(d.placeOf(block, "ports", "run_options"), "driver.ports",
				"driver.ports: "+have.String()+" and "+p.String()+" want the same port of the host",
				"choose another port for one of them")
		}
		seen[e] = p
	}
}

// placeOf is where the first of these keys is set.
func (d *decoder) placeOf(block *yaml11.Value, names ...string) yaml11.Pos {
	for _, n := range names {
		if v := d.set[n]; v != nil {
			return v.Pos
		}
	}
	return block.Pos
}

// checkSandboxes reports what would be mounted where galley's own directories are.
func (r *resolver) checkSandboxes(i config.Instance, raw kitchen.RawInstance) {
	if i.Driver.Kind != config.DriverContainer {
		return
	}
	provisioner, verifier := strings.TrimRight(i.Provisioner.RootPath, "/"), strings.TrimRight(i.Verifier.RootPath, "/")
	if provisioner == verifier && provisioner != "" {
		r.diags.ErrorAt(raw.Verifier.Pos, "verifier.root_path",
			"verifier.root_path: "+verifier+" is the provisioner's root_path too",
			"name two different directories, or leave both out")
	}
	owners := map[string]string{verifier: "verifier"}
	owners[provisioner] = "provisioner"
	for _, m := range i.Driver.Mounts {
		owner := owners[strings.TrimRight(m.Target, "/")]
		if owner == "" {
			continue
		}
		r.diags.ErrorAt(mountPos(raw.Driver, m.Target), "driver.volumes",
			"driver.volumes: the "+owner+" has its files at "+m.Target,
			"mount this elsewhere, or name another directory in "+owner+".root_path")
	}
}

// mountPos is where a driver block asks for a mount at target.
func mountPos(driver *yaml11.Value, target string) yaml11.Pos {
	for _, name := range []string{"volumes", "volume", "binds", "tmpfs", "mounts"} {
		v := either(driver, name)
		for _, e := range entries(v) {
			if e.Key == target {
				return e.KeyPos
			}
		}
		for _, it := range items(v) {
			if text, ok := it.Text(); ok && strings.Contains(text, target) {
				return it.Pos
			}
		}
	}
	return driver.Pos
}

// checkPlatform warns of what galley cannot run.
func (r *resolver) checkPlatform(i config.Instance, raw kitchen.RawInstance) {
	if i.Driver.Kind == config.DriverContainer && i.OSType == "windows" {
		r.diags.WarnAt(raw.PlatformPos, "platforms.name",
			fmt.Sprintf("platform %q: galley runs Linux containers, this platform is Windows", i.Platform),
			"leave the platform out in kitchen.local.yml, or set os_type: unix")
	}
}
