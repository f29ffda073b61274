package docker

import (
	"math"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-units"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// nanosPerCPU is the unit in which Docker counts processors.
const nanosPerCPU = 1e9

// applyResources translates Resources, Ulimits and Sysctls. Docker itself leaves out the limits for which it has no
// cgroup controller, and tells so; but such a limit of processors it refuses.
func applyResources(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	h := c.HostConfig
	for _, u := range s.Ulimits {
		h.Ulimits = append(h.Ulimits, &units.Ulimit{Name: u.Name, Hard: u.Hard, Soft: u.Soft})
	}
	h.Sysctls, h.ShmSize = s.Sysctls, s.Resources.ShmSize
	r := s.Resources
	h.Memory, h.MemorySwap, h.MemoryReservation = r.Memory, r.MemorySwap, r.MemoryReservation
	h.CPUShares, h.CpusetCpus = r.CPUShares, r.CPUSet
	if r.Pids != 0 {
		h.PidsLimit = &r.Pids
	}
	if r.CPUs == 0 {
		return nil, nil
	}
	if !f.cpuLimit {
		return []string{engine.NoController("cpus", "cpu")}, nil
	}
	h.NanoCPUs = int64(math.Round(r.CPUs * nanosPerCPU))
	return nil, nil
}
