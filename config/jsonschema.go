package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// JSONSchema renders the JSON Schema (draft 7) of kitchen.yml, for editors that
// complete and check YAML files. It is made from the table of keys.
func JSONSchema() ([]byte, error) {
	defs := map[string]any{}
	for _, s := range sections() {
		defs[string(s)] = objectSchema(s)
	}
	for _, k := range theSchema().keys {
		if t := k.Type(); len(t.info().schema) > 0 {
			defs[typeDefinition(t)] = t.info().schema
		}
	}
	root := defs[string(SectionRoot)].(map[string]any)
	delete(defs, string(SectionRoot))
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "kitchen.yml"
	root["description"] = "Test Kitchen's configuration, as galley reads it."
	root["definitions"] = defs
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("encode JSON schema: %w", err)
	}
	return out.Bytes(), nil
}

// objectSchema is the schema of a block. Keys beyond the known ones are allowed:
// files hold those of other drivers as well, and galley itself warns of slips.
func objectSchema(s Section) map[string]any {
	properties := map[string]any{}
	for _, k := range theSchema().keys {
		if k.Section != s {
			continue
		}
		for _, name := range k.spellings() {
			properties[name] = k.jsonSchema(name)
		}
	}
	out := map[string]any{"type": "object", "properties": properties}
	if s == SectionSuite || s == SectionPlatform {
		out["required"] = []any{"name"}
	}
	return out
}

// jsonSchema is the schema of one spelling of a key.
func (k Key) jsonSchema(spelling string) map[string]any {
	alternatives := []any{k.valueSchema(), map[string]any{"type": "null"}}
	if k.Type() != TypeString && k.Type() != TypeAny {
		// Before ERB has run, any value may still be a template.
		alternatives = append(alternatives, map[string]any{"type": "string", "pattern": "<%"})
	}
	out := map[string]any{"anyOf": alternatives}
	if d := k.description(); d != "" {
		out["description"] = d
	}
	if spelling == k.Name {
		if def := k.Default(); def != nil {
			out["default"] = def
		}
	}
	if k.Deprecated != "" {
		out["deprecated"] = true
	}
	return out
}

// valueSchema is the schema of the value itself.
func (k Key) valueSchema() any {
	if len(k.Enum) > 0 {
		list := make([]any, len(k.Enum))
		for i, e := range k.Enum {
			list[i] = e
		}
		return map[string]any{"enum": list}
	}
	ref := func(s Section) map[string]any { return map[string]any{"$ref": "#/definitions/" + string(s)} }
	switch k.Type() {
	case TypeBlock:
		if k.Name == "busser" {
			return anyOf(jsonType("string"), ref(SectionVerifier))
		}
		return anyOf(jsonType("string"), ref(Section(k.Name)))
	case TypeNamed:
		return listOf(ref(Section(strings.TrimSuffix(k.Name, "s"))))
	case TypeHooks:
		one := anyOf(jsonType("string"), ref(SectionHook))
		return anyOf(jsonType("string"), listOf(one), ref(SectionHook))
	}
	switch {
	case k.Name == "lifecycle":
		return ref(SectionLifecycle)
	case k.Name == "driver_config":
		return ref(SectionDriver)
	}
	if len(k.Type().info().schema) == 0 {
		return map[string]any{}
	}
	return map[string]any{"$ref": "#/definitions/" + typeDefinition(k.Type())}
}

// typeDefinition is the name of a type among the schema's definitions.
func typeDefinition(t Type) string { return strings.ReplaceAll("type "+t.info().name, " ", "-") }

// description is the key's meaning in plain text.
func (k Key) description() string {
	s := k.Doc
	if k.Inert != "" {
		s = "No effect in galley: " + k.Inert + "."
	}
	return strings.TrimSpace(strings.ReplaceAll(s, "`", ""))
}
