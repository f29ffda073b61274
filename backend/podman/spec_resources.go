package podman

import (
	"math"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// resourceConfig is the part of a container's configuration that limits it.
type resourceConfig struct {
	Limits  *limits           `json:"resource_limits,omitempty"`
	Rlimits []rlimit          `json:"r_limits,omitempty"`
	Sysctl  map[string]string `json:"sysctl,omitempty"`
	ShmSize int64             `json:"shm_size,omitempty"`
}

// limits are those of the container's cgroup.
type limits struct {
	Memory *memoryLimit `json:"memory,omitempty"`
	CPU    *cpuLimit    `json:"cpu,omitempty"`
	Pids   *pidsLimit   `json:"pids,omitempty"`
}

// memoryLimit is in bytes; a swap limit counts memory plus swap, and -1 is none.
type memoryLimit struct {
	Limit       int64 `json:"limit,omitempty"`
	Swap        int64 `json:"swap,omitempty"`
	Reservation int64 `json:"reservation,omitempty"`
}

// cpuLimit lets a container run for quota of every period, in microseconds.
type cpuLimit struct {
	Shares int64  `json:"shares,omitempty"`
	Quota  int64  `json:"quota,omitempty"`
	Period int64  `json:"period,omitempty"`
	Cpus   string `json:"cpus,omitempty"`
}

type pidsLimit struct {
	Limit int64 `json:"limit"`
}

// rlimit is a limit of processes; its type has no "RLIMIT_" before it, which the server adds.
type rlimit struct {
	Type string `json:"type"`
	Hard int64  `json:"hard"`
	Soft int64  `json:"soft"`
}

// cpuPeriod is the period of CPU quotas in microseconds.
const cpuPeriod = 100_000

// isLimited reports whether there is a limit that takes a cgroup controller.
func isLimited(r spec.Resources) bool {
	r.ShmSize = 0
	return r != (spec.Resources{})
}

// applyResources translates Resources, Ulimits and Sysctls. A limit for which the engine has no cgroup controller would
// keep the container from starting: it is left out and told.
func applyResources(c *createConfig, s backend.ContainerSpec, f facts) ([]string, error) {
	for _, u := range s.Ulimits {
		c.Rlimits = append(c.Rlimits, rlimit{Type: u.Name, Hard: u.Hard, Soft: u.Soft})
	}
	c.Sysctl, c.ShmSize = s.Sysctls, s.Resources.ShmSize
	r := s.Resources
	var l limits
	var warnings []string
	left := func(limit, controller string) { warnings = append(warnings, engine.NoController(limit, controller)) }
	if r.Memory != 0 || r.MemorySwap != 0 || r.MemoryReservation != 0 {
		l.Memory = &memoryLimit{Limit: r.Memory, Swap: r.MemorySwap, Reservation: r.MemoryReservation}
		if !f.limits.memory {
			l.Memory = nil
			left("memory", "memory")
		}
	}
	cpu := cpuLimit{Shares: r.CPUShares}
	if r.CPUs != 0 {
		cpu.Quota, cpu.Period = int64(math.Round(r.CPUs*cpuPeriod)), cpuPeriod
	}
	if cpu != (cpuLimit{}) && !f.limits.cpu {
		cpu = cpuLimit{}
		left("cpus", "cpu")
	}
	if r.CPUSet != "" {
		if f.limits.cpuset {
			cpu.Cpus = r.CPUSet
		} else {
			left("cpuset", "cpuset")
		}
	}
	if cpu != (cpuLimit{}) {
		l.CPU = &cpu
	}
	if r.Pids != 0 {
		l.Pids = &pidsLimit{r.Pids}
		if !f.limits.pids {
			l.Pids = nil
			left("pids", "pids")
		}
	}
	if l != (limits{}) {
		c.Limits = &l
	}
	return warnings, nil
}
