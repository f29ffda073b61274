package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/memo"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/peers"
)

// slots are how many instances may be worked on at a time. Whoever waits for others gives its slot back.
type slots chan struct{}

func (s slots) acquire(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s slots) release() { <-s }

// group is a suite of several machines on a platform in a run. Its lock is held while something is done to any of its
// nodes, and its record has the network and the services, which go with the last of them.
type group struct {
	// instanceRun is of the group as a whole.
	*instanceRun
	slots slots
	nodes []*member
	// ready is closed when nodes may be created: network and services are there, unless missing is set.
	ready   chan struct{}
	missing bool
	// tested is closed when it is known whether all nodes, and the group as a whole, passed.
	tested chan struct{}
	passed bool
	known  memo.Memo[peers.Group] // by whether all are converged
	faults sync.Mutex             // held while a node makes a fault of services
}

// member is a node's part in what a run does to its group. A nil one is that of an instance that stands for itself.
type member struct {
	group *group
	inst  config.Instance
	// run is set when the node is begun.
	run     *instanceRun
	outcome outcome
	// done has a channel for each phase, in their order. One is closed when the node is through with the phase, as ok
	// says, or does not come to it. So far next of them are closed.
	done [len(order)]chan struct{}
	ok   [len(order)]bool
	next int
}

// outcome is what came of an instance. One that was not started, or stopped by another that failed, has no failure.
type outcome struct {
	instance string
	ran      bool
	failure  *Failure
}

// stoppedError says why something was not done: another node failed, or, when it is fine, it was not asked for.
type stoppedError struct {
	text string
	fine bool
}

func (e *stoppedError) Error() string { return e.text }

// groupOf is the name of the group of the node that has an instance's name; others are their own.
func groupOf(instance string) string {
	group, node, _ := strings.Cut(instance, "/")
	if _, on, ok := strings.Cut(node, onSeparator); ok {
		return OnName(group, on)
	}
	return group
}

// nodeOf is the name of the instance that is a node of a group.
func nodeOf(group config.Instance, node string) string {
	name := group.PlainName() + "/" + node
	if group.On != "" {
		return OnName(name, group.On)
	}
	return name
}

// unitsOf puts the nodes of a group together, in the place of the first.
func unitsOf(instances []config.Instance) [][]config.Instance {
	var list [][]config.Instance
	at := map[string]int{}
	for _, i := range instances {
		if i.Node == nil {
			list = append(list, []config.Instance{i})
			continue
		}
		n, ok := at[i.Node.Group.Name]
		if !ok {
			n, list = len(list), append(list, nil)
			at[i.Node.Group.Name] = n
		}
		list[n] = append(list[n], i)
	}
	return list
}

// unitNames are the names of all that a run tells of, groups before their nodes.
func unitNames(unit []config.Instance) []string {
	var names []string
	if n := unit[0].Node; n != nil {
		names = append(names, n.Group.Name)
	}
	for _, i := range unit {
		names = append(names, i.Name)
	}
	return names
}

// runUnit does an action to an instance, or to the nodes of a group.
func (r *Run) runUnit(ctx context.Context, a Action, s slots, unit []config.Instance) []outcome {
	if unit[0].Node == nil {
		if s.acquire(ctx) != nil {
			return []outcome{{instance: unit[0].Name}}
		}
		defer s.release()
		return []outcome{r.runInstance(ctx, a, r.newInstanceRun(unit[0]))}
	}
	g := newGroup(r, *unit[0].Node.Group, s)
	for _, inst := range unit {
		m := &member{group: g, inst: inst, outcome: outcome{instance: inst.Name}}
		for n := range m.done {
			m.done[n] = make(chan struct{})
		}
		g.nodes = append(g.nodes, m)
	}
	outcomes := []outcome{r.runInstance(ctx, a, g.instanceRun)}
	for _, m := range g.nodes {
		outcomes = append(outcomes, m.outcome)
	}
	return outcomes
}

// newGroup prepares what is done to a group in a run, whose nodes are added.
func newGroup(r *Run, whole config.Instance, s slots) *group {
	g := &group{instanceRun: r.newInstanceRun(whole), slots: s, ready: make(chan struct{}), tested: make(chan struct{})}
	g.instanceRun.whole = g
	return g
}

// act does an action to the nodes, under the group's lock.
func (g *group) act(ctx context.Context, a Action) error {
	var nodes sync.WaitGroup
	for _, m := range g.nodes {
		nodes.Go(func() { m.act(ctx, a) })
	}
	err := g.accompany(ctx, a)
	nodes.Wait()
	if a == Action(PhaseDestroy) || a == ActionTest && (g.run.o.Destroy == DestroyAlways ||
		g.run.o.Destroy == DestroyPassing && g.passed) {
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		err = errors.Join(err, g.removeIfLast(ctx))
	}
	return err
}

// accompany does what concerns the group as a whole: before its nodes are created, and when all of them are tested.
func (g *group) accompany(ctx context.Context, a Action) (err error) {
	defer close(g.tested)
	err = g.prepareFor(ctx, a)
	g.missing = err != nil
	close(g.ready)
	if err != nil {
		return err
	}
	last := Phase(a)
	if a == ActionTest {
		last = PhaseVerify
	}
	var failed []string
	for _, m := range g.nodes {
		if <-m.done[place(last)]; !m.ok[place(last)] {
			failed = append(failed, m.inst.Name)
		}
	}
	g.passed = len(failed) == 0
	if last != PhaseVerify || g.inst.Verifier.Kind == "" {
		return nil
	}
	if !g.passed {
		return &stoppedError{text: "not verified as a whole, since this did not pass: " + strings.Join(failed, ", ")}
	}
	if len(g.nodes) < len(g.inst.Nodes) {
		return &stoppedError{"not verified as a whole, since not all nodes are part of this run", true}
	}
	err = g.verifyWhole(ctx)
	g.passed = err == nil
	return err
}

// prepareFor makes the network and the services, unless the action needs none.
func (g *group) prepareFor(ctx context.Context, a Action) error {
	for _, m := range g.nodes {
		<-m.done[place(PhaseDestroy)] // test begins with it
	}
	switch a {
	case ActionSave, ActionPublish, ActionPackage:
		return nil
	case Action(PhaseDestroy):
		return g.becomeOther()
	}
	if err := g.slots.acquire(ctx); err != nil {
		return err
	}
	defer g.slots.release()
	if a == ActionTest {
		if err := g.removeIfLast(ctx); err != nil {
			return err
		}
	}
	if err := g.ensureShared(ctx); err != nil {
		return err
	}
	current, err := g.isCurrent(ctx)
	switch {
	case err != nil:
		return err
	case !current:
		return g.runPhase(ctx, PhaseCreate)
	}
	return g.becomeOther()
}

// becomeOther records that the nodes are about to be others than those that were verified as a whole.
func (g *group) becomeOther() error {
	if g.state.LastAction != PhaseVerify {
		return nil
	}
	g.state.LastAction = PhaseCreate
	return g.save()
}

// isCurrent reports whether the network and the services are there as kitchen.yml wants them.
func (g *group) isCurrent(ctx context.Context) (bool, error) {
	digests, err := g.serviceDigests()
	if err != nil || place(g.state.LastAction) < place(PhaseCreate) || g.state.Spec[servicesKey] != combine(digests) ||
		g.state.Spec[networksKey] != networksDigest(g.inst) {
		return false, err
	}
	networks, err := g.eng.ListNetworks(ctx, backend.Labels{label.Role: label.RoleNetwork,
		label.Project: g.run.o.Project.ID, label.Instance: g.inst.Name})
	if err != nil || len(networks) <= len(g.inst.Networks) { // there is one more, that of all nodes
		return false, err
	}
	have, err := g.services(ctx)
	for name := range digests {
		if have[name].State != backend.StateRunning {
			return false, err
		}
	}
	return true, err
}

// createGroup makes the network and the services of a group.
func (i *instanceRun) createGroup(ctx context.Context) error {
	if i.container != nil { // the suite had no nodes when that was made
		if err := i.removeRunner(ctx); err != nil {
			return err
		}
	}
	if i.state.Spec[networksKey] != networksDigest(i.inst) {
		if err := i.removeOtherNetworks(ctx); err != nil {
			return err
		}
	}
	if err := i.ensureServices(ctx); err != nil {
		return err
	}
	digests, err := i.serviceDigests()
	i.state.Spec = map[string]string{servicesKey: combine(digests), networksKey: networksDigest(i.inst)}
	return err
}

// removeOtherNetworks removes networks that were to be others, which those that are on them have to leave first.
func (i *instanceRun) removeOtherNetworks(ctx context.Context) error {
	records, err := recordedStates(i.run.o.Project)
	if err != nil {
		return err
	}
	if neededBy(records, i.inst.Name) {
		return fmt.Errorf("the networks of %s are to be others, and its nodes are on those that there are\n"+
			"`galley destroy %[1]s` removes the nodes; then try again", i.inst.Name)
	}
	have, err := i.services(ctx)
	if err != nil {
		return err
	}
	for _, c := range have {
		if err := i.eng.RemoveContainer(ctx, c.ID); err != nil {
			return err
		}
	}
	return i.removeNetworks(ctx, i.state.Networks)
}

// removeIfLast removes the network and the services, unless a node, or another instance that shares them, is left.
func (g *group) removeIfLast(ctx context.Context) error {
	records, err := recordedStates(g.run.o.Project)
	if err != nil {
		return err
	}
	known := slices.DeleteFunc(slices.Clone(records), func(s State) bool {
		return !slices.ContainsFunc(g.inst.Nodes, func(n string) bool { return nodeOf(g.inst, n) == s.Instance })
	})
	if neededBy(records, g.inst.Name) {
		if len(g.inst.Nodes) == 0 || neededBy(known, g.inst.Name) {
			return nil
		}
		g.notice(LevelWarn, "the network and the services stay, since a node that kitchen.yml no longer has is on it\n"+
			"`galley destroy --orphans` removes that node, and then `galley destroy "+g.inst.Name+"` the rest")
		return nil
	}
	return g.runPhase(ctx, PhaseDestroy)
}

// verifyWhole runs the suite's own verifier: on this machine, or in the first node.
func (g *group) verifyWhole(ctx context.Context) error {
	if err := g.slots.acquire(ctx); err != nil {
		return err
	}
	defer g.slots.release()
	known, err := g.machines(ctx, PhaseVerify)
	if err != nil {
		return err
	}
	first := g.nodes[0].run
	g.container, g.state.Sandbox = first.container, first.state.Sandbox
	g.instanceRun.peers = &known
	g.usePlugins()
	err = g.verifyWithRetries(ctx)
	g.container, g.state.Sandbox = nil, ""
	return errors.Join(err, g.save())
}

// machines asks for the addresses of all nodes and services in a phase: once for converge, and once for what comes
// after it, since a node that was rebooted may have another one.
func (g *group) machines(ctx context.Context, in Phase) (peers.Group, error) {
	return g.known.Do(map[bool]string{true: "converged"}[in != PhaseConverge], func() (peers.Group, error) {
		known, p := peers.Group{Name: g.inst.Name}, g.run.o.Project
		ask := func(to *[]peers.Machine, container, owner, name string, inst *config.Instance) error {
			c, err := g.eng.InspectContainer(ctx, container)
			if errors.Is(err, backend.ErrNotFound) {
				return nil
			}
			*to = append(*to, peers.Machine{Name: name, Address: c.Addresses[serviceNetwork(p, owner)], Container: c.Name,
				Ports: c.Ports, Instance: inst})
			return err
		}
		for _, name := range g.inst.Nodes {
			var inst *config.Instance
			for _, m := range g.nodes {
				if m.inst.Node.Name == name {
					inst = &m.inst
				}
			}
			if err := ask(&known.Nodes, containerName(p, nodeOf(g.inst, name)), g.inst.Name, name, inst); err != nil {
				return known, err
			}
		}
		for _, s := range slices.Concat(g.inst.Services, g.inst.Shared) {
			owner := serviceOwner(g.inst, s.Name)
			if err := ask(&known.Services, serviceName(p, owner, s.Name), owner, s.Name, nil); err != nil {
				return known, err
			}
		}
		return known, nil
	})
}

// act does an action to the node.
func (m *member) act(ctx context.Context, a Action) {
	defer m.end()
	if m.group.slots.acquire(ctx) != nil {
		return
	}
	defer m.group.slots.release()
	m.run = m.group.run.newInstanceRun(m.inst)
	m.run.member = m
	m.outcome = m.group.run.runInstance(ctx, a, m.run)
}

// pass tells that the node is through with a phase, and those before it.
func (m *member) pass(p Phase) {
	if m == nil {
		return
	}
	for ; m.next <= place(p); m.next++ {
		m.ok[m.next] = true
		close(m.done[m.next])
	}
}

// end tells that the node comes to no further phase.
func (m *member) end() {
	for ; m.next < len(order); m.next++ {
		close(m.done[m.next])
	}
}

// await waits until the node may begin a phase: with create when network and services are there; with converge when all
// nodes are created and those that come before it are converged; with setup and verify when all are that far. A node
// that fails stops those that come after it; the others go on. From converge on a node knows the others.
func (m *member) await(ctx context.Context, p Phase) error {
	if m == nil || place(p) < place(PhaseCreate) {
		return nil
	}
	m.pass(order[place(p)-1])
	g := m.group
	wait := []chan struct{}{g.ready}
	if place(p) > place(PhaseCreate) {
		for _, other := range g.nodes {
			wait = append(wait, other.done[place(p)-1])
		}
	}
	var before []*member
	if p == PhaseConverge {
		for _, other := range g.nodes {
			if slices.Contains(m.inst.Node.After, other.inst.Node.Name) {
				before, wait = append(before, other), append(wait, other.done[place(p)])
			}
		}
	}
	g.slots.release()
	for _, w := range wait {
		select {
		case <-w:
		case <-ctx.Done():
		}
	}
	g.slots <- struct{}{}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case g.missing:
		return &stoppedError{text: "not created, since the network and the services of " + g.inst.Name + " could not be made"}
	case g.eng != m.run.eng:
		return fmt.Errorf("%s lives on another engine than %s, and no network spans both\n"+
			"Give all nodes of a suite the same engine", m.inst.Name, g.inst.Name)
	}
	for _, other := range before {
		if !other.ok[place(p)] {
			return &stoppedError{text: "not converged, since it comes after " + other.inst.Name + ", which was not converged"}
		}
	}
	if place(p) < place(PhaseConverge) {
		return nil
	}
	known, err := g.machines(ctx, p)
	if err != nil {
		return err
	}
	m.run.peers = &known
	m.run.usePlugins()
	return nil
}

// verdict waits until it is known whether the whole group passed. For an instance that stands for itself that is known.
func (m *member) verdict(passed bool) bool {
	if m == nil {
		return passed
	}
	m.end()
	m.group.slots.release()
	<-m.group.tested
	m.group.slots <- struct{}{}
	return passed && m.group.passed
}

// joinGroup puts a node on the network of its group, in the place of the one that all runners share.
func joinGroup(p Project, i config.Instance, s *backend.ContainerSpec) {
	a := backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: serviceNetwork(p, i.Node.Group.Name),
		Aliases: []string{i.Node.Name}}
	s.Networks = sharedAttachments(p, i)
	for _, alias := range append([]string{i.Driver.Hostname}, i.Driver.HostnameAliases...) {
		if !slices.Contains(a.Aliases, alias) {
			a.Aliases = append(a.Aliases, alias)
		}
	}
	s.Networks = append(s.Networks, endpoints(p, i.Node.Group.Name, i.Node.Networks, a.Aliases)...)
	if i.Driver.Network.Name != defaultNetwork {
		s.Networks = append(s.Networks, a)
		return
	}
	a.Links, a.IPv4, a.IPv6, a.MAC = s.Network.Links, s.Network.IPv4, s.Network.IPv6, s.Network.MAC
	s.Network = a
}
