package kitchen

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/yaml11"
)

func parseMapping(t *testing.T, name, src string) *yaml11.Value {
	t.Helper()
	v, _, err := yaml11.Parse(name, []byte(src))
	require.NoError(t, err)
	return v
}

func TestRMerge(t *testing.T) {
	type m = map[string]any
	type l = []any
	for name, c := range map[string]struct {
		weak, strong string
		want         m
	}{
		"both": {"{a: 1, b: 2}", "{b: 3, c: 4}", m{"a": int64(1), "b": int64(3), "c": int64(4)}},
		"deep": {"{a: {b: {c: 1, d: 2}}}", "{a: {b: {d: 3}}}",
			m{"a": m{"b": m{"c": int64(1), "d": int64(3)}}}},
		"lists replace":  {"{a: [1, 2]}", "{a: [3]}", m{"a": l{int64(3)}}},
		"scalar to hash": {"{a: 1}", "{a: {b: 2}}", m{"a": m{"b": int64(2)}}},
		"null to hash":   {"{a: ~}", "{a: {b: 2}}", m{"a": m{"b": int64(2)}}},
		"scalar to null": {"{a: 1}", "{a: ~}", m{"a": nil}},
		"empty strong":   {"{a: 1}", "{}", m{"a": int64(1)}},
		"empty weak":     {"{}", "{a: 1}", m{"a": int64(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			diags := &Diagnostics{}
			weak, strong := parseMapping(t, "w", c.weak), parseMapping(t, "s", c.strong)
			before := []any{weak.Any(), strong.Any()}
			got := (&merger{diags: diags}).rmerge(weak, strong, "")
			require.Equal(t, c.want, got.Any())
			require.Equal(t, before, []any{weak.Any(), strong.Any()}, "the arguments must not change")
			require.Empty(t, diags.List)
		})
	}
}

func TestRMergeSharesWhatOnlyOneSideHas(t *testing.T) {
	weak, strong := parseMapping(t, "w", "{a: {x: 1}, b: [1]}"), parseMapping(t, "s", "{c: {y: 2}, b: [2]}")
	got := (&merger{diags: &Diagnostics{}}).rmerge(weak, strong, "")
	require.Same(t, weak.Map.Get("a"), got.Map.Get("a"))
	require.Same(t, strong.Map.Get("b"), got.Map.Get("b"))
	require.Same(t, strong.Map.Get("c"), got.Map.Get("c"))
}

func TestRMergeReportsConflicts(t *testing.T) {
	diags := &Diagnostics{}
	weak, strong := parseMapping(t, "w.yml", "a: {b: {c: 1}}"), parseMapping(t, "s.yml", "a:\n  b: [2]")
	got := (&merger{diags: diags}).rmerge(weak, strong, "driver")
	require.Equal(t, weak.Any(), got.Any(), "the mapping stays")
	require.Len(t, diags.List, 1)
	require.Equal(t, "driver.a.b", diags.List[0].Key)
	require.Contains(t, diags.List[0].String(),
		"s.yml:2:6: error: driver.a.b is a list here, which cannot override the mapping at w.yml:1:8")
}

func TestNormalize(t *testing.T) {
	v := normalize(parseMapping(t, "n", "driver: d\nx: {provisioner: ~, busser: '1', driver: 5}\nl: [{driver: s}]\n:driver: sym\nverifier: v\n"))
	require.Equal(t, map[string]any{"name": "d"}, v.Map.Get("driver").Any())
	require.Equal(t, map[string]any{"provisioner": map[string]any{}, "busser": map[string]any{"version": "1"},
		"driver": int64(5)}, v.Map.Get("x").Any())
	require.Equal(t, []any{map[string]any{"driver": "s"}}, v.Map.Get("l").Any())
	require.Equal(t, "v", v.Map.Get("verifier").Str)
}

func TestTextKeys(t *testing.T) {
	diags := &Diagnostics{}
	quoted := parseMapping(t, "k", "{':a': 0, a: 1, b: [{':c': d}]}")
	require.Same(t, quoted, textKeys(quoted, diags), "what needs no change stays shared")
	v := textKeys(parseMapping(t, "k", ":a: 1\na: 2\nb:\n  - :c: 3\n"), diags)
	require.Equal(t, map[string]any{"a": int64(2), "b": []any{map[string]any{"c": int64(3)}}}, v.Any())
	require.Empty(t, diags.List)
}

// FuzzMerge merges two files and cuts them into instances: whatever they hold,
// there is data or there are problems, and the files' own data does not change.
func FuzzMerge(f *testing.F) {
	f.Add("driver: {name: d, k: {x: 1}}\nplatforms: [{name: a, run_list: [x]}]\nsuites: [{name: s, includes: /a/}]\n",
		"driver: {k: 1}\nlifecycle: {pre_create: a}\n")
	f.Add("busser: 1\ndriver_plugin: x\nplatforms: [{name: win, driver: {http_proxy: p, pre_create_command: c}}]\nsuites: [{name: s, busser: '2', data_path: d}]", "verifier:\nkitchen: {debug: 1}\n")
	f.Add("platforms: &p [{name: a, attributes: {b: *q}}]",
		"suites: [{name: s, provisioner: {run_list: {platform: [1]}}}]")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 4096 { // enough for too many instances
			return
		}
		weak, _, err1 := yaml11.Parse("a", []byte(a))
		strong, _, err2 := yaml11.Parse("b", []byte(b))
		if err1 != nil || err2 != nil || weak.Kind != yaml11.Map || strong.Kind != yaml11.Map {
			return
		}
		before1, err1 := weak.MarshalJSON()
		before2, err2 := strong.MarshalJSON()
		require.NoError(t, err1)
		require.NoError(t, err2)
		diags := &Diagnostics{}
		merged := (&merger{diags: diags}).rmerge(normalize(weak), normalize(strong), "")
		merged = textKeys(merged, diags)
		m := newMunger(merged, diags)
		require.True(t, m != nil || diags.HasErrors())
		if m != nil {
			c := Config{Instances: m.instances()}
			_, err := c.MergedJSON()
			require.NoError(t, err)
		}
		after1, err1 := weak.MarshalJSON()
		after2, err2 := strong.MarshalJSON()
		require.NoError(t, err1)
		require.NoError(t, err2)
		require.Equal(t, string(before1)+string(before2), string(after1)+string(after2))
	})
}
