package contract_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

func networkCases() []testCase {
	return []testCase{
		{"network/ensure", testNetworkEnsure},
		{"network/race", testNetworkRace},
		{"network/list", testNetworkList},
		{"network/remove-absent", testNetworkRemoveAbsent},
		{"network/remove-in-use", testNetworkRemoveInUse},
		{"network/absent", testNetworkAbsent},
		{"network/names-resolve", testNetworkNames},
		{"network/further", testNetworkFurther},
		{"network/subnet", testNetworkSubnet},
		{"network/internal", testNetworkInternal},
		{"port/free", testPortFree},
		{"port/fixed-and-taken", testPortTaken},
		{"port/taken-meanwhile", testPortTakenMeanwhile},
		{"port/udp", testPortUDP},
		{"port/none", testPortNone},
	}
}

// network makes a network that is removed when the subtest ends.
func (s *suite) network(t *testing.T) backend.Network {
	t.Helper()
	cs := backend.NetworkSpec{Name: s.unique("n"), Labels: s.labels()}
	s.removeNetworkLater(t, cs.Name)
	n, err := s.b.EnsureNetwork(s.ctx(t), cs)
	require.NoError(t, err)
	return n
}

func (s *suite) removeNetworkLater(t *testing.T, name string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		require.NoError(t, s.b.RemoveNetwork(ctx, name))
	})
}

// on attaches a container to a network.
func on(network string, aliases ...string) edit {
	return func(cs *backend.ContainerSpec) {
		cs.Network = backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: network, Aliases: aliases}
	}
}

func testNetworkEnsure(t *testing.T, s *suite) {
	first := s.network(t)
	require.NotEmpty(t, first.ID)
	require.True(t, s.labels().Matches(first.Labels), "labels: %v", first.Labels)
	again, err := s.b.EnsureNetwork(s.ctx(t), backend.NetworkSpec{Name: first.Name, Labels: s.labels()})
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.NoError(t, s.b.RemoveNetwork(s.ctx(t), first.Name))
	anew, err := s.b.EnsureNetwork(s.ctx(t), backend.NetworkSpec{Name: first.Name, Labels: s.labels()})
	require.NoError(t, err)
	require.Equal(t, first.Name, anew.Name)
}

// testNetworkRace: eight callers in two processes' worth of backends. Some engines
// make two networks of one name if they are asked at once.
func testNetworkRace(t *testing.T, s *suite) {
	cs := backend.NetworkSpec{Name: s.unique("race"), Labels: backend.Labels{labelRun: s.prefix, labelInstance: "race"}}
	s.removeNetworkLater(t, cs.Name)
	backends := []backend.ContainerBackend{s.b, s.open(t)}
	got := make([]backend.Network, 8)
	g, ctx := errgroup.WithContext(s.ctx(t))
	for i := range got {
		g.Go(func() (err error) {
			got[i], err = backends[i%2].EnsureNetwork(ctx, cs)
			return err
		})
	}
	require.NoError(t, g.Wait())
	listed, err := s.b.ListNetworks(s.ctx(t), cs.Labels)
	require.NoError(t, err)
	require.Len(t, listed, 1)
	for _, n := range got {
		require.Equal(t, listed[0].ID, n.ID)
	}
}

func testNetworkList(t *testing.T, s *suite) {
	labels := backend.Labels{labelRun: s.prefix, labelInstance: "listed"}
	name := s.unique("n")
	s.removeNetworkLater(t, name)
	made, err := s.b.EnsureNetwork(s.ctx(t), backend.NetworkSpec{Name: name, Labels: labels})
	require.NoError(t, err)
	for _, l := range []backend.Labels{labels, {labelRun: s.prefix, labelInstance: "listed"}} {
		got, err := s.b.ListNetworks(s.ctx(t), l)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, made.ID, got[0].ID)
		require.Equal(t, name, got[0].Name)
		require.True(t, labels.Matches(got[0].Labels), "labels: %v", got[0].Labels)
	}
	none, err := s.b.ListNetworks(s.ctx(t), backend.Labels{labelRun: s.prefix + "-none"})
	require.NoError(t, err)
	require.Empty(t, none)
}

func testNetworkRemoveAbsent(t *testing.T, s *suite) {
	require.NoError(t, s.b.RemoveNetwork(s.ctx(t), s.unique("absent")))
}

func testNetworkRemoveInUse(t *testing.T, s *suite) {
	n := s.network(t)
	c := s.start(t, on(n.Name))
	require.ErrorIs(t, s.b.RemoveNetwork(s.ctx(t), n.Name), backend.ErrConflict)
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
	s.requireRemoved(t, c.ID)
	require.NoError(t, s.b.RemoveNetwork(s.ctx(t), n.Name))
}

// testNetworkAbsent: some engines find out only when the container is started.
func testNetworkAbsent(t *testing.T, s *suite) {
	cs := s.spec(on(s.unique("absent")))
	require.ErrorIs(t, s.createAndStart(t, cs), backend.ErrNotFound)
}

// testNetworkNames: on a network of ours containers find each other by name and by alias.
func testNetworkNames(t *testing.T, s *suite) {
	n := s.network(t)
	server := s.inspect(t, s.start(t, on(n.Name, "database", "db.example.test")).ID)
	address := s.outside.Inspect(t, server.ID).IPAddress
	require.NotEmpty(t, address)
	client := s.start(t, on(n.Name))
	for _, name := range []string{server.Name, "database", "db.example.test"} {
		s.awaitResolved(t, client.ID, name, address)
	}
}

// testNetworkFurther: a container is on several networks, finds others on each, and is found on each by its alias
// there. A network that is not there leaves no container.
func testNetworkFurther(t *testing.T, s *suite) {
	first, second := s.network(t), s.network(t)
	further := func(name, alias string) edit {
		return func(cs *backend.ContainerSpec) {
			on(first.Name, "on-first")(cs)
			cs.Networks = []backend.NetworkAttachment{{Mode: spec.NetworkNamed, Name: name, Aliases: []string{alias}}}
		}
	}
	both := s.start(t, further(second.Name, "on-second"))
	for n, network := range []backend.Network{first, second} {
		other := s.start(t, on(network.Name, "other"))
		s.awaitResolved(t, both.ID, s.inspect(t, other.ID).Name, s.outside.Inspect(t, other.ID).IPAddress)
		name := []string{"on-first", "on-second"}[n]
		s.awaitResolved(t, other.ID, name, "")
		require.Equal(t, s.outside.Inspect(t, other.ID).IPAddress, s.inspect(t, other.ID).Addresses[network.Name])
		require.ErrorIs(t, s.b.RemoveNetwork(s.ctx(t), network.Name), backend.ErrConflict)
	}
	cs := s.spec(further(s.unique("absent"), "nowhere"))
	require.ErrorIs(t, s.createAndStart(t, cs), backend.ErrNotFound)
}

// subnet is one that no other subtest, and no other engine of this machine, is likely to have.
func subnet() (cidr, address string) {
	n := rand.IntN(1 << 12) // of 10.192.0.0/12
	return fmt.Sprintf("10.%d.%d.0/28", 192+n>>8, n&255), fmt.Sprintf("10.%d.%d.9", 192+n>>8, n&255)
}

// testNetworkSubnet: a network has the subnet that was asked for, and a container the address in it, also on a further
// network. A second network with it is a conflict.
func testNetworkSubnet(t *testing.T, s *suite) {
	cidr, address := subnet()
	first := s.network(t)
	cs := backend.NetworkSpec{Name: s.unique("subnet"), Labels: s.labels(), Subnet: cidr}
	s.removeNetworkLater(t, cs.Name)
	_, err := s.b.EnsureNetwork(s.ctx(t), cs)
	require.NoError(t, err)
	c := s.start(t, on(first.Name), func(cs2 *backend.ContainerSpec) {
		cs2.Networks = []backend.NetworkAttachment{{Mode: spec.NetworkNamed, Name: cs.Name, IPv4: address}}
	})
	require.Equal(t, address, s.inspect(t, c.ID).Addresses[cs.Name])
	require.Contains(t, s.run(t, c.ID, "ip", "addr"), " "+address+"/28 ")
	cs.Name = s.unique("twin")
	s.removeNetworkLater(t, cs.Name)
	_, err = s.b.EnsureNetwork(s.ctx(t), cs)
	require.ErrorIs(t, err, backend.ErrConflict)
}

// testNetworkInternal: what is on an internal network reaches what is on it, and nothing else.
func testNetworkInternal(t *testing.T, s *suite) {
	cs := backend.NetworkSpec{Name: s.unique("internal"), Labels: s.labels(), Internal: true}
	s.removeNetworkLater(t, cs.Name)
	_, err := s.b.EnsureNetwork(s.ctx(t), cs)
	require.NoError(t, err)
	open := s.network(t).Name
	c := s.start(t, on(cs.Name))
	for network, code := range map[string]bool{cs.Name: true, open: false} {
		server := s.start(t, on(network), command("httpd", "-f", "-p", "80"))
		address := s.inspect(t, server.ID).Addresses[network]
		ask := "n=0; until nc -w 1 " + address + " 80 < /dev/null; do n=$((n+1)); [ $n -lt 3 ] || exit 1; sleep 0.5; done"
		r := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"timeout", "10", "sh", "-c", ask}})
		require.Equal(t, code, r.code == 0, network)
	}
}

// awaitResolved waits until a name is an address's, or anything's, for the programs in the container. Ping says what
// the C library answers, also where it may not send anything; nslookup has its own way with search domains, which
// Podman 4.3 does not serve on a second network.
func (s *suite) awaitResolved(t *testing.T, id, name, address string) {
	t.Helper()
	s.await(t, func() bool {
		r := s.exec(t, id, backend.ExecSpec{Command: []string{"ping", "-c", "1", "-w", "1", name}})
		return strings.HasPrefix(r.out, "PING "+name+" ("+address)
	}, name+" resolves to "+address)
}

// publish asks for a port of the engine's host, on a network of the container's own.
func publish(network string, ports ...spec.PortMapping) edit {
	return func(cs *backend.ContainerSpec) {
		on(network)(cs)
		cs.Ports = ports
	}
}

func testPortFree(t *testing.T, s *suite) {
	n := s.network(t)
	c := s.start(t, publish(n.Name,
		spec.PortMapping{ContainerPort: 8080, Protocol: "tcp"},
		spec.PortMapping{HostIP: "127.0.0.1", ContainerPort: 9090, Protocol: "tcp"},
	))
	ports := map[int]spec.PortMapping{}
	for _, p := range s.outside.Inspect(t, c.ID).Ports {
		if _, seen := ports[p.ContainerPort]; !seen || !strings.Contains(p.HostIP, ":") { // IPv6 may have another
			ports[p.ContainerPort] = p
		}
	}
	require.Len(t, ports, 2)
	require.NotZero(t, ports[8080].HostPort)
	require.NotZero(t, ports[9090].HostPort)
	require.Equal(t, "127.0.0.1", ports[9090].HostIP)
	require.Equal(t, "tcp", ports[9090].Protocol)
	require.Equal(t, map[string]int{"8080/tcp": ports[8080].HostPort, "9090/tcp": ports[9090].HostPort},
		s.inspect(t, c.ID).Ports)
}

func testPortTaken(t *testing.T, s *suite) {
	n := s.network(t)
	first := s.start(t, publish(n.Name, spec.PortMapping{HostIP: "127.0.0.1", ContainerPort: 8080, Protocol: "tcp"}))
	taken := s.outside.Inspect(t, first.ID).Ports[0].HostPort
	second := s.create(t, publish(n.Name,
		spec.PortMapping{HostIP: "127.0.0.1", HostPort: taken, ContainerPort: 80, Protocol: "tcp"}))
	require.ErrorIs(t, s.b.StartContainer(s.ctx(t), second.ID), backend.ErrPortTaken)
	s.requireRemoved(t, first.ID)
	s.await(t, func() bool {
		err := s.b.StartContainer(s.ctx(t), second.ID)
		require.True(t, err == nil || errors.Is(err, backend.ErrPortTaken), "%v", err)
		return err == nil
	}, "the port is free again")
	require.Equal(t, []spec.PortMapping{{HostIP: "127.0.0.1", HostPort: taken, ContainerPort: 80, Protocol: "tcp"}},
		s.outside.Inspect(t, second.ID).Ports)
}

// testPortTakenMeanwhile: a container whose port another one has is, once it runs, on its network under its names. The
// backend that starts it has not made it.
func testPortTakenMeanwhile(t *testing.T, s *suite) {
	n := s.network(t)
	first := s.start(t, publish(n.Name, spec.PortMapping{HostIP: "127.0.0.1", ContainerPort: 8080, Protocol: "tcp"}))
	taken := s.outside.Inspect(t, first.ID).Ports[0].HostPort
	port := publish(n.Name, spec.PortMapping{HostIP: "127.0.0.1", HostPort: taken, ContainerPort: 80, Protocol: "tcp"})
	second := s.create(t, port, on(n.Name, "known-as"))
	b := s.open(t)
	_, err := b.InspectContainer(s.ctx(t), second.ID)
	require.NoError(t, err)
	require.ErrorIs(t, b.StartContainer(s.ctx(t), second.ID), backend.ErrPortTaken)
	s.requireRemoved(t, first.ID)
	s.await(t, func() bool {
		err := b.StartContainer(s.ctx(t), second.ID)
		require.True(t, err == nil || errors.Is(err, backend.ErrPortTaken), "%v", err)
		return err == nil
	}, "the port is free again")
	address := s.outside.Inspect(t, second.ID).IPAddress
	require.NotEmpty(t, address)
	s.awaitResolved(t, s.start(t, on(n.Name)).ID, "known-as", address)
}

func testPortUDP(t *testing.T, s *suite) {
	n := s.network(t)
	c := s.start(t, publish(n.Name, spec.PortMapping{HostIP: "127.0.0.1", ContainerPort: 5353, Protocol: "udp"}))
	ports := s.outside.Inspect(t, c.ID).Ports
	require.Len(t, ports, 1)
	require.Equal(t, "udp", ports[0].Protocol)
	require.NotZero(t, ports[0].HostPort)
}

func testPortNone(t *testing.T, s *suite) {
	require.Empty(t, s.outside.Inspect(t, s.start(t).ID).Ports)
}
