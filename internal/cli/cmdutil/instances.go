package cmdutil

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/keys"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/template"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

// Load reads the project and resolves the instances that args select. Notices and warnings go to stderr. Nothing may be
// created from a configuration with errors.
func (f *Factory) Load(ctx context.Context, args []string) ([]config.Instance, error) {
	return f.load(ctx, args, false)
}

// LoadWithEngines is Load with the same instances on the engines that --on has put them on. One that is on engines only
// is left out itself.
func (f *Factory) LoadWithEngines(ctx context.Context, args []string) ([]config.Instance, error) {
	return f.load(ctx, args, true)
}

func (f *Factory) load(ctx context.Context, args []string, engines bool) ([]config.Instance, error) {
	go keys.Prepare() // beside reading kitchen.yml
	conf, err := f.Config(ctx)
	if err != nil {
		return nil, err
	}
	f.Notices(conf)
	chosen, err := Choose(conf.Instances, args)
	if err != nil {
		return nil, cmp.Or(f.Problems(conf, nil), err)
	}
	if engines {
		chosen = WithEngines(conf.Instances, chosen)
		p, err := f.Project()
		if err != nil {
			return nil, err
		}
		chosen = slices.DeleteFunc(chosen, func(i kitchen.RawInstance) bool {
			elsewhere := slices.ContainsFunc(conf.Instances, func(o kitchen.RawInstance) bool {
				return o.On != "" && o.Name == lifecycle.OnName(i.Name, o.On)
			})
			return i.On == "" && elsewhere && !p.Recorded(i.Name)
		})
	}
	instances, diags := keys.Resolve(conf, keys.ResolveOptions{Home: HomeDir(), Env: os.LookupEnv, Select: OneOf(chosen)})
	f.Secrets.Add(conf.Secrets(nil)...)
	return instances, f.Problems(conf, diags)
}

// Notices prints what galley chose by itself, such as an overlay.
func (f *Factory) Notices(conf *kitchen.Config) {
	for _, n := range conf.Notices {
		fmt.Fprintln(f.Err, "       "+f.Clean(n))
	}
}

// RawName is the name of an instance before its settings are decoded.
func RawName(i kitchen.RawInstance) string { return i.Name }

// RawUnit is the name of what one job takes as a whole: of an instance, or of the group that a node is of.
func RawUnit(i kitchen.RawInstance) string {
	if i.Group != nil {
		return groupName(i)
	}
	return i.Name
}

// groupName is the name of the group that a node is of.
func groupName(i kitchen.RawInstance) string {
	if i.On != "" {
		return lifecycle.OnName(i.Group.Name, i.On)
	}
	return i.Group.Name
}

// Unit is RawUnit of an instance whose settings are decoded.
func Unit(i config.Instance) string {
	if i.Node != nil {
		return i.Node.Group.Name
	}
	return i.Name
}

// Problems prints warnings and returns the errors as one.
func (f *Factory) Problems(conf *kitchen.Config, diags []kitchen.Diagnostic) error {
	var errs []string
	for _, d := range slices.Concat(conf.Diagnostics, diags) {
		d = conf.Annotate(d)
		if d.Severity == kitchen.SeverityError {
			errs = append(errs, d.String())
		} else {
			for line := range strings.SplitSeq(d.String(), "\n") {
				f.Warn(line)
			}
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%s", strings.Join(errs, "\n"))
	}
	return nil
}

// Choose selects instances as Test Kitchen does: "all" or nothing, an exact name, which may be that of a suite with
// nodes on a platform, or an unanchored regular expression; several arguments add up. The order is that of the file.
// Instances that --on has put on engines are chosen by their names, or by expressions that have the sign before the
// engine's name.
func Choose(all []kitchen.RawInstance, args []string) ([]kitchen.RawInstance, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("kitchen.yml makes no instances\n" +
			"It needs at least one entry in `platforms` and one in `suites`")
	}
	plain := slices.DeleteFunc(slices.Clone(all), func(i kitchen.RawInstance) bool { return i.On != "" })
	if len(args) == 0 {
		return plain, nil
	}
	picked := map[string]bool{}
	for _, arg := range args {
		if arg == "all" {
			return plain, nil
		}
		exact := false
		for _, i := range all {
			if i.Name == arg || i.Group != nil && groupName(i) == arg {
				picked[i.Name], exact = true, true
			}
		}
		if exact {
			continue
		}
		re, err := regexp.Compile(arg)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an instance nor a regular expression: %w", arg, err)
		}
		among, found := plain, false
		if strings.Contains(arg, "@") {
			among = all
		}
		for _, i := range among {
			if re.MatchString(i.Name) {
				picked[i.Name], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no instances for %q; there are:%s", arg, Names(all, RawName))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(i kitchen.RawInstance) bool { return !picked[i.Name] }), nil
}

// Names lists instances for an error, but not thousands of them.
func Names[T any](all []T, name func(T) string) string {
	const most = 30
	var b strings.Builder
	for i, x := range all {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more: see galley list", len(all)-most)
			break
		}
		b.WriteString("\n  " + name(x))
	}
	return b.String()
}

// OneOf selects the instances of a list.
func OneOf(chosen []kitchen.RawInstance) func(kitchen.RawInstance) bool {
	want := make(map[string]bool, len(chosen))
	for _, i := range chosen {
		want[i.Name] = true
	}
	return func(i kitchen.RawInstance) bool { return want[i.Name] }
}

// completionTime is how long completing a word may take.
const completionTime = 2 * time.Second

// CompleteInstances offers instance names to the shell. Templates are evaluated as far as that needs no command and no
// Ruby. What goes wrong offers nothing and prints nothing, since that would be in the middle of the user's line.
func (f *Factory) CompleteInstances(
	cmd *cobra.Command, _ []string, prefix string,
) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	found := make(chan []string, 1)
	go func() { found <- f.instanceNames(ctx, prefix) }()
	select {
	case list := <-found:
		return list, cobra.ShellCompDirectiveNoFileComp
	case <-ctx.Done():
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

func (f *Factory) instanceNames(ctx context.Context, prefix string) []string {
	s, err := f.readSettings()
	if err != nil {
		return nil
	}
	o := template.Options{Mode: template.Builtin}
	if s.ERB == string(template.Off) {
		o.Mode = template.Off
	}
	conf, err := f.loadConfig(ctx, o)
	if err != nil {
		return nil
	}
	var list []string
	add := func(name string, services *yaml11.Value) {
		if strings.HasPrefix(name, prefix) {
			list = append(list, name)
		}
		if services != nil && strings.HasPrefix(prefix, name+"/") {
			for _, e := range services.Map.Entries() {
				list = append(list, name+"/"+e.Key)
			}
		}
	}
	for _, i := range conf.Instances {
		if i.Group != nil && i.Node == i.Group.Nodes[0] {
			add(groupName(i), i.Group.Services)
		}
		add(i.Name, i.Services)
	}
	return list
}

// shard is one of several parts of the instances, for CI jobs side by side. The zero value is all of them.
type shard struct {
	// index is from 1 to count.
	index, count int
}

// parseShard reads "I/N".
func parseShard(text string) (shard, error) {
	if text == "" {
		return shard{}, nil
	}
	first, second, _ := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(first)
	count, err2 := strconv.Atoi(second)
	if err1 != nil || err2 != nil || index < 1 || index > count {
		return shard{}, fmt.Errorf("--shard %q: write I/N with I from 1 to N, such as 1/4", text)
	}
	return shard{index, count}, nil
}

// pick chooses this part of instances by their names; those of one name stay together. All jobs of a run come to the
// same parts, since nothing counts but the instances and took: how long they took before. An instance that is not in
// there is taken for an average one.
func pick[T any](s shard, instances []T, name func(T) string, took map[string]time.Duration) []T {
	if s.count == 0 {
		return instances
	}
	var known int
	var sum time.Duration
	for _, i := range instances {
		if d, ok := took[name(i)]; ok {
			known++
			sum += d
		}
	}
	average := max(sum/time.Duration(max(known, 1)), 1)
	weight := func(i T) time.Duration {
		if d, ok := took[name(i)]; ok {
			return max(d, 1)
		}
		return average
	}
	// The longest first, each to the part that has least so far.
	order := slices.Clone(instances)
	slices.SortStableFunc(order, func(a, b T) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), strings.Compare(name(a), name(b)))
	})
	loads := make([]time.Duration, s.count)
	mine := map[string]bool{}
	for n, i := range order {
		if n > 0 && name(i) == name(order[n-1]) {
			continue
		}
		least := slices.Index(loads, slices.Min(loads))
		loads[least] += weight(i)
		if least == s.index-1 {
			mine[name(i)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(instances), func(i T) bool { return !mine[name(i)] })
}

// Sharded is the part of the instances that the settings ask for.
func Sharded[T any](s settings.Settings, instances []T, name func(T) string) ([]T, error) {
	part, err := parseShard(s.Shard)
	if err != nil || part.count == 0 {
		return instances, err
	}
	took := map[string]time.Duration{}
	for _, file := range s.ShardTimes {
		recorded, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--shard-times: %w", err)
		}
		more, err := report.Durations(recorded)
		if err != nil {
			return nil, fmt.Errorf("--shard-times %s: %w", file, err)
		}
		maps.Copy(took, more)
	}
	return pick(part, instances, name, took), nil
}
