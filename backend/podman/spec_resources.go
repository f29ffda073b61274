package podman

import (
	"math"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// resourceConfig is the part of a container's configuration that limits it.
type resourceConfig struct {
	Limits *specs.LinuxResources `json:"resource_limits,omitempty"`
	// Rlimits have no "RLIMIT_" before their types, which the server adds.
	Rlimits []specs.POSIXRlimit `json:"r_limits,omitempty"`
	Sysctl  map[string]string   `json:"sysctl,omitempty"`
	ShmSize int64               `json:"shm_size,omitempty"`
}

// cpuPeriod is the period of CPU quotas in microseconds.
const cpuPeriod uint64 = 100_000

// isLimited reports whether there is a limit that takes a cgroup controller.
func isLimited(r spec.Resources) bool {
	r.ShmSize = 0
	return r != (spec.Resources{})
}

// applyResources translates Resources, Ulimits and Sysctls. A limit for which the engine has no cgroup controller would
// keep the container from starting: it is left out and told.
func applyResources(c *createConfig, s backend.ContainerSpec, f facts) ([]string, error) {
	for _, u := range s.Ulimits {
		// -1, which is unlimited, is the largest number there; engine.CheckSpec lets nothing else below 0 pass.
		c.Rlimits = append(c.Rlimits, specs.POSIXRlimit{Type: u.Name, Hard: uint64(u.Hard), Soft: uint64(u.Soft)})
	}
	c.Sysctl, c.ShmSize = s.Sysctls, s.Resources.ShmSize
	r := s.Resources
	var warnings []string
	limitable := func(limit, controller string) bool {
		there := slices.Contains(f.controllers, controller)
		if !there {
			warnings = append(warnings, engine.NoController(limit, controller))
		}
		return there
	}
	var l specs.LinuxResources
	if (r.Memory != 0 || r.MemorySwap != 0 || r.MemoryReservation != 0) && limitable("memory", "memory") {
		l.Memory = &specs.LinuxMemory{Limit: orNone(r.Memory), Swap: orNone(r.MemorySwap),
			Reservation: orNone(r.MemoryReservation)}
	}
	var cpu specs.LinuxCPU
	if (r.CPUShares != 0 || r.CPUs != 0) && limitable("cpus", "cpu") {
		cpu.Shares, cpu.Quota = orNone(uint64(r.CPUShares)), orNone(int64(math.Round(r.CPUs*float64(cpuPeriod))))
		if r.CPUs != 0 {
			cpu.Period = orNone(cpuPeriod)
		}
	}
	if r.CPUSet != "" && limitable("cpuset", "cpuset") {
		cpu.Cpus = r.CPUSet
	}
	if cpu != (specs.LinuxCPU{}) {
		l.CPU = &cpu
	}
	if r.Pids != 0 && limitable("pids", "pids") {
		l.Pids = &specs.LinuxPids{Limit: r.Pids}
	}
	if l.Memory != nil || l.CPU != nil || l.Pids != nil {
		c.Limits = &l
	}
	return warnings, nil
}

// orNone is a limit as the engine has it: 0 is none.
func orNone[T int64 | uint64](limit T) *T {
	if limit == 0 {
		return nil
	}
	return &limit
}
