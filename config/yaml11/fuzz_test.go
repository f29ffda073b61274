package yaml11

import (
	"errors"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, c := range badSources {
		f.Add([]byte(c.src))
	}
	for _, src := range []string{
		"a: &x {b: [1, 0x1F, 1:30, ~]}\nc: *x\n", "- |\n  x\n- >-\n  y\n", "? a\n: - b\n  - {c: d}\n",
		"<<: [{a: 1}, {b: 2}]\n", "%TAG !e! tag:x:\n---\n!e!y \"\\u00e9\\\n  z\"\n", "!!omap [a: 1]\n", "!!binary aGk=",
	} {
		f.Add([]byte(src))
	}
	small := limits{bytes: 1 << 16, depth: 50, nodes: 5000}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, warnings, err := read("f.yml", src, small)
		for _, w := range warnings {
			if w.Pos.Line < 1 || w.Pos.Col < 1 || w.Msg == "" {
				t.Fatalf("bad warning %+v", w)
			}
		}
		if err != nil {
			var bad Errors
			if !errors.As(err, &bad) || bad[0].Msg == "" || v != nil {
				t.Fatalf("bad error %#v", err)
			}
			return
		}
		if n := check(t, v); n != v.size {
			t.Fatalf("size is %d, counted %d", v.size, n)
		}
		if _, err := v.MarshalJSON(); err != nil {
			t.Fatal(err)
		}
	})
}

// check walks a tree, demands that positions make sense, and counts its nodes.
func check(t *testing.T, v *Value) int {
	if v.Pos.Line < 1 || v.Pos.Col < 1 || v.Pos.File != "f.yml" {
		t.Fatalf("bad position %v", v.Pos)
	}
	n := 1
	for _, it := range v.Seq {
		n += check(t, it)
	}
	if v.Kind == Map {
		for _, e := range v.Map.Entries() {
			if e.KeyPos.Line < 1 || v.Map.Like(e).Value != e.Value {
				t.Fatalf("bad entry %q at %v", e.Key, e.KeyPos)
			}
			n += 1 + check(t, e.Value)
		}
	}
	return n
}
