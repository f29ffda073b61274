package lint

import (
	"fmt"
	"path/filepath"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

// The formats of the problems.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatSARIF = "sarif"
)

// problem is a problem as programs read it.
type problem struct {
	Severity string `json:"severity"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Key      string `json:"key,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// print shows the problems in the format that was asked for.
func (o *Options) print(list []kitchen.Diagnostic) error {
	switch o.Format {
	case formatJSON:
		problems := []problem{}
		for _, d := range list {
			problems = append(problems, problem{string(d.Severity), d.Pos.File, d.Pos.Line, d.Pos.Col, d.Key,
				o.Clean(d.Msg), o.Clean(d.Hint)})
		}
		return cmdutil.PrintJSON(o.Out, problems)
	case formatSARIF:
		return cmdutil.PrintJSON(o.Out, o.sarif(list))
	}
	for _, d := range list {
		fmt.Fprintln(o.Out, o.Clean(d.String()))
	}
	return nil
}

// object is an object of SARIF 2.1.0, the format of code scanning.
type object = map[string]any

func (o *Options) sarif(list []kitchen.Diagnostic) object {
	results := []object{}
	for _, d := range list {
		text := d.Msg
		if d.Hint != "" {
			text += "\n" + d.Hint
		}
		r := object{"ruleId": "kitchen-yml", "level": string(d.Severity), "message": object{"text": o.Clean(text)}}
		if d.Pos.File != "" {
			place := object{"artifactLocation": object{"uri": filepath.ToSlash(d.Pos.File)}}
			if d.Pos.Line > 0 {
				place["region"] = object{"startLine": d.Pos.Line, "startColumn": max(d.Pos.Col, 1)}
			}
			r["locations"] = []object{{"physicalLocation": place}}
		}
		results = append(results, r)
	}
	rule := object{"id": "kitchen-yml", "shortDescription": object{"text": "What kitchen.yml says can be used"}}
	driver := object{"name": "galley", "version": o.Version, "rules": []object{rule}}
	return object{"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"runs": []object{{"tool": object{"driver": driver}, "results": results}}}
}
