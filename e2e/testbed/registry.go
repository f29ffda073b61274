package testbed

import "testing"

// Registry is an image registry on this machine that every engine reaches under the same
// addresses. It speaks plain HTTP; both addresses lead to one store.
type Registry struct {
	Address     string // 127.0.0.1:PORT, open to everybody
	AuthAddress string // 127.0.0.1:PORT, asks for User and Password
	User        string
	Password    string
}

// StartRegistry returns the test bed's registry; the test is skipped with the reason if it cannot run on this machine.
func StartRegistry(t testing.TB) Registry {
	t.Helper()
	s, err := findScript()
	if err != nil {
		t.Fatal(err)
	}
	reason, err := s.try("up", "registry")
	if err != nil {
		t.Fatal(err)
	}
	if reason != "" {
		t.Skip(reason)
	}
	vars, err := s.env("registry")
	if err != nil {
		t.Fatal(err)
	}
	return Registry{Address: vars["REGISTRY"], AuthAddress: vars["REGISTRY_AUTH"], User: vars["REGISTRY_USER"],
		Password: vars["REGISTRY_PASSWORD"]}
}
