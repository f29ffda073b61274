package backendtest

import (
	"testing"

	"github.com/galley-kitchen/galley/backend"
)

// noKernel is why some features mean nothing on the fake.
const noKernel = "the fake has no kernel: it takes the order and there is nothing inside to look at"

func TestFakeKeepsTheContract(t *testing.T) {
	credentials := backend.Credentials{Registry: "registry.example.test", Username: "tester", Password: "secret"}
	f := New()
	f.AddRemoteImage(ImageSpec{Ref: "registry.example.test/public/image:1"}, nil)
	f.AddRemoteImage(ImageSpec{Ref: "registry.example.test/private/image:1"}, &credentials)
	skip := map[string]string{
		"feature/init-systemd": "the fake cannot boot systemd: it runs no programs but its own",
	}
	for _, name := range []string{
		"privileged", "exec-privileged", "cap-add", "cap-drop", "cap-drop-all",
		"security-opt-no-new-privileges", "security-opt-seccomp-unconfined", "security-opt-systempaths-unconfined",
		"ulimits", "sysctls", "devices", "ipc-host", "pid-host", "cgroupns-host", "ipc-container",
		"memory", "memory-swap", "memory-reservation", "cpus", "cpu-shares", "cpuset", "pids-limit", "shm-size",
		"bind-rslave", "network-mode-host", "network-mode-container", "mac-address", "ipv6",
	} {
		skip["feature/"+name] = noKernel
	}
	Run(t, Options{
		Name:    "fake",
		Open:    func(*testing.T) backend.ContainerBackend { return f },
		Image:   Busybox,
		Volumes: f,
		Skip:    skip,
		Registry: &Registry{
			Image:       "registry.example.test/public/image:1",
			Private:     "registry.example.test/private/image:1",
			Absent:      "registry.example.test/public/absent:1",
			Credentials: credentials,
		},
	})
}
