package keys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// jsonSchemaFile renders the JSON Schema (draft 7) of kitchen.yml, for editors that
// complete and check YAML files. It is made from the table of keys.
func jsonSchemaFile() ([]byte, error) {
	defs := map[string]any{}
	for _, s := range sections() {
		defs[string(s)] = objectSchema(s)
	}
	for _, k := range theSchema().keys {
		if t := k.Type; len(t.schema()) > 0 {
			defs[typeDefinition(t)] = t.schema()
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
	if s == SectionSuite || s == SectionPlatform || s == SectionStep {
		out["required"] = []any{"name"}
	}
	return out
}

// jsonSchema is the schema of one spelling of a key.
func (k Key) jsonSchema(spelling string) map[string]any {
	alternatives := []any{k.valueSchema(), map[string]any{"type": "null"}}
	if k.Type != TypeString && k.Type != TypeAny {
		// Before ERB has run, any value may still be a template.
		alternatives = append(alternatives, map[string]any{"type": "string", "pattern": "<%"})
	}
	out := map[string]any{"anyOf": alternatives}
	if d := k.description(); d != "" {
		out["description"] = d
	}
	if spelling == k.Name {
		if def := k.Default; def != nil {
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
	switch k.Type {
	case TypeBlock:
		if k.Name == "busser" {
			return anyOf(jsonType("string"), ref(SectionVerifier))
		}
		return anyOf(jsonType("string"), ref(Section(k.Name)))
	case TypeBoolOrBlock:
		return anyOf(jsonType("boolean"), ref(SectionVerifier))
	case TypeNamed:
		return listSchema(ref(Section(strings.TrimSuffix(k.Name, "s"))))
	case TypeHooks:
		one := anyOf(jsonType("string"), ref(SectionHook))
		return anyOf(jsonType("string"), listSchema(one), ref(SectionHook))
	}
	switch {
	case k.Name == "lifecycle":
		return ref(SectionLifecycle)
	case k.Name == "publish":
		return ref(SectionPublish)
	case k.Name == "compare":
		return ref(SectionCompare)
	case k.Name == "services":
		return hashOf(ref(SectionService))
	case k.Name == "nodes":
		return hashOf(ref(SectionNode))
	case k.Name == "networks" && (k.Section == SectionService || k.Section == SectionNode), k.Name == "depends_on":
		return anyOf(listSchema(jsonType("string")), jsonType("object"), jsonType("string"))
	case k.Name == "networks":
		return hashOf(anyOf(ref(SectionNetwork), jsonType("null")))
	case k.Name == "network" && k.Section != SectionDriver:
		return ref(SectionFault)
	case k.Name == "ready":
		return ref(SectionReady)
	case k.Name == "driver_config":
		return ref(SectionDriver)
	}
	if len(k.Type.schema()) == 0 {
		return map[string]any{}
	}
	return map[string]any{"$ref": "#/definitions/" + typeDefinition(k.Type)}
}

// typeDefinition is the name of a type among the schema's definitions.
func typeDefinition(t Type) string { return strings.ReplaceAll("type "+string(t), " ", "-") }

// description is the key's meaning in plain text.
func (k Key) description() string {
	s := k.docs().Doc
	if k.Inert != "" {
		s = "No effect in galley: " + k.Inert + "."
	}
	return strings.TrimSpace(strings.ReplaceAll(s, "`", ""))
}

// anyOf is a JSON Schema of alternatives.
func anyOf(alternatives ...map[string]any) map[string]any {
	list := make([]any, len(alternatives))
	for i, a := range alternatives {
		list[i] = a
	}
	return map[string]any{"anyOf": list}
}

// jsonType is a JSON Schema of one or more types.
func jsonType(names ...string) map[string]any {
	if len(names) == 1 {
		return map[string]any{"type": names[0]}
	}
	list := make([]any, len(names))
	for i, n := range names {
		list[i] = n
	}
	return map[string]any{"type": list}
}

// listSchema is a JSON Schema of a list.
func listSchema(item map[string]any) map[string]any {
	return map[string]any{"type": "array", "items": item}
}

// hashOf is a JSON Schema of a mapping to values of one schema.
func hashOf(value map[string]any) map[string]any {
	return map[string]any{"type": "object", "additionalProperties": value}
}

// schema is the JSON Schema of a value of the type; null is always allowed besides.
func (t Type) schema() map[string]any {
	var (
		text    = jsonType("string", "number", "boolean")
		words   = jsonType("string", "number")
		hash    = jsonType("object")
		oneMany = anyOf(text, listSchema(text))
	)
	switch t {
	case TypeString:
		return text
	case TypeVersion:
		return words
	case TypeBool:
		return jsonType("boolean")
	case TypeInt:
		return jsonType("integer", "string")
	case TypeFloat:
		return words
	case TypeSize:
		return words
	case TypeSeconds:
		return words
	case TypePath:
		return jsonType("string")
	case TypeStrings:
		return oneMany
	case TypeInts:
		return anyOf(words, listSchema(words))
	case TypeStringMap:
		return anyOf(hashOf(jsonType("string", "number", "boolean", "null")), listSchema(text))
	case TypeHash:
		return hash
	case TypeList:
		return anyOf(words, jsonType("array"))
	case TypeCommand:
		return anyOf(text, listSchema(text))
	case TypeEnv:
		return anyOf(jsonType("string"), hashOf(jsonType("string", "number", "boolean", "null")),
			listSchema(anyOf(jsonType("string"), hash)))
	case TypePorts:
		return anyOf(words, listSchema(anyOf(words, hash)), hash)
	case TypeMounts:
		return anyOf(jsonType("string"), listSchema(anyOf(jsonType("string"), hash)), hash)
	case TypeMountOptions:
		return anyOf(jsonType("string"), listSchema(anyOf(jsonType("string"), hash)))
	case TypeTmpfs:
		return anyOf(jsonType("string"), listSchema(jsonType("string")), hashOf(jsonType("string", "null")))
	case TypeVolumesFrom:
		return anyOf(jsonType("string"), listSchema(jsonType("string")))
	case TypeDevices:
		return anyOf(jsonType("string"), listSchema(anyOf(jsonType("string"), hash)))
	case TypeGPUs:
		return jsonType("string", "integer")
	case TypeUlimits:
		return anyOf(jsonType("string"), listSchema(anyOf(jsonType("string"), hash)), hash)
	case TypeHosts:
		return anyOf(jsonType("string"), listSchema(jsonType("string")), hash)
	case TypeBlock:
		return anyOf(jsonType("string"), hash)
	case TypeNamed:
		return listSchema(hash)
	case TypeHooks:
		return anyOf(jsonType("string"), listSchema(anyOf(jsonType("string"), hash)), hash)
	default:
		return map[string]any{}
	}
}
