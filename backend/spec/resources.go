package spec

import "fmt"

// Device is a device node that is given to the container.
type Device struct {
	HostPath, ContainerPath string
	// Permissions is a subset of "rwm"; empty means all.
	Permissions string
}

// Ulimit is a resource limit of processes, such as nofile.
type Ulimit struct {
	Name       string
	Soft, Hard int64
}

// Resources are limits. Zero means none.
type Resources struct {
	// Memory, MemorySwap (memory plus swap, -1 for unlimited), MemoryReservation and ShmSize are bytes.
	Memory, MemorySwap, MemoryReservation, ShmSize int64
	// CPUs is a number of processors, such as 1.5.
	CPUs float64
	// CPUShares is a relative weight; 1024 is normal.
	CPUShares int64
	// CPUSet is a list such as "0-2,4".
	CPUSet string
	// Pids is the largest number of processes.
	Pids int64
}

// String renders the device as kitchen.yml would have it.
func (v Device) String() string {
	s := v.HostPath
	if v.ContainerPath != v.HostPath || v.Permissions != "" {
		s += ":" + v.ContainerPath
	}
	if v.Permissions != "" {
		s += ":" + v.Permissions
	}
	return s
}

// String renders the limit as "name=soft:hard".
func (u Ulimit) String() string { return fmt.Sprintf("%s=%d:%d", u.Name, u.Soft, u.Hard) }

// VolumesFrom mounts the volumes of another container.
type VolumesFrom struct {
	Container string
	ReadOnly  bool
}
