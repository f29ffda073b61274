package config

// Type is what the value of a key must look like.
type Type int

// The types of values.
const (
	TypeAny Type = iota
	TypeString
	TypeVersion
	TypeBool
	TypeInt
	TypeFloat
	TypeSize
	TypeSeconds
	TypePath
	TypeStrings
	TypeInts
	TypeStringMap
	TypeHash
	TypeList
	TypeCommand
	TypeEnv
	TypePorts
	TypeMounts
	TypeMountOptions
	TypeTmpfs
	TypeVolumesFrom
	TypeDevices
	TypeGPUs
	TypeUlimits
	TypeHosts
	TypeBlock
	TypeNamed
	TypeHooks
)

// typeInfo describes a type to people and to JSON Schema.
type typeInfo struct {
	// name is the type in the documentation.
	name string
	// expect completes "expected …" in messages, with an example.
	expect string
	// schema is the JSON Schema of a value; null is always allowed besides.
	schema map[string]any
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

// listOf is a JSON Schema of a list.
func listOf(item map[string]any) map[string]any {
	return map[string]any{"type": "array", "items": item}
}

// hashOf is a JSON Schema of a mapping to values of one schema.
func hashOf(value map[string]any) map[string]any {
	return map[string]any{"type": "object", "additionalProperties": value}
}

// info describes the type.
func (t Type) info() typeInfo {
	var (
		text    = jsonType("string", "number", "boolean")
		words   = jsonType("string", "number")
		hash    = jsonType("object")
		oneMany = anyOf(text, listOf(text))
	)
	switch t {
	case TypeString:
		return typeInfo{"string", "a string", text}
	case TypeVersion:
		return typeInfo{"version", `a version such as "18.5"`, words}
	case TypeBool:
		return typeInfo{"boolean", "true or false", jsonType("boolean")}
	case TypeInt:
		return typeInfo{"integer", "a whole number", jsonType("integer", "string")}
	case TypeFloat:
		return typeInfo{"number", "a number such as 1.5", words}
	case TypeSize:
		return typeInfo{"size", `a size in bytes or with a unit, such as "512m" or "2g"`, words}
	case TypeSeconds:
		return typeInfo{"seconds", `a number of seconds, or a time such as "90s" or "5m"`, words}
	case TypePath:
		return typeInfo{"path", "a path", jsonType("string")}
	case TypeStrings:
		return typeInfo{"list of strings", "a list of strings", oneMany}
	case TypeInts:
		return typeInfo{"list of integers", "a list of whole numbers such as [35, 213]", anyOf(words, listOf(words))}
	case TypeStringMap:
		return typeInfo{"hash of strings", "a hash of strings such as {name: value}", anyOf(hashOf(jsonType("string", "number", "boolean", "null")), listOf(text))}
	case TypeHash:
		return typeInfo{"hash", "a hash such as {name: value}", hash}
	case TypeList:
		return typeInfo{"list", "a list", anyOf(words, jsonType("array"))}
	case TypeCommand:
		return typeInfo{"command", `a command such as "/usr/lib/systemd/systemd", or a list of its words`, anyOf(text, listOf(text))}
	case TypeEnv:
		return typeInfo{"environment", `a hash such as {NAME: value}, or a list of "NAME=value"`, anyOf(jsonType("string"), hashOf(jsonType("string", "number", "boolean", "null")), listOf(anyOf(jsonType("string"), hash)))}
	case TypePorts:
		return typeInfo{"ports", `a list of ports such as "8080:80" or "127.0.0.1:5353:53/udp"`, anyOf(words, listOf(anyOf(words, hash)), hash)}
	case TypeMounts:
		return typeInfo{"volumes", `a list of volumes such as "/data", "name:/data" or "./dir:/data:ro"`, anyOf(jsonType("string"), listOf(anyOf(jsonType("string"), hash)), hash)}
	case TypeMountOptions:
		return typeInfo{"mounts", `a list of mounts such as "type=bind,source=./dir,target=/data"`, anyOf(jsonType("string"), listOf(anyOf(jsonType("string"), hash)))}
	case TypeTmpfs:
		return typeInfo{"tmpfs", `a list of paths such as "/run:exec,size=64m", or a hash of path to options`, anyOf(jsonType("string"), listOf(jsonType("string")), hashOf(jsonType("string", "null")))}
	case TypeVolumesFrom:
		return typeInfo{"list of containers", `a list of containers such as "name" or "name:ro"`, anyOf(jsonType("string"), listOf(jsonType("string")))}
	case TypeDevices:
		return typeInfo{"devices", `a list of devices such as "/dev/fuse" or "/dev/a:/dev/b:rwm"`, anyOf(jsonType("string"), listOf(anyOf(jsonType("string"), hash)))}
	case TypeGPUs:
		return typeInfo{"GPUs", `"all" or a number of GPUs`, jsonType("string", "integer")}
	case TypeUlimits:
		return typeInfo{"ulimits", `a hash such as {nofile: 1024} or a list such as "nofile=1024:2048"`, anyOf(jsonType("string"), listOf(anyOf(jsonType("string"), hash)), hash)}
	case TypeHosts:
		return typeInfo{"hosts", `a list such as "db:10.0.0.2", or a hash of name to address`, anyOf(jsonType("string"), listOf(jsonType("string")), hash)}
	case TypeBlock:
		return typeInfo{"block", "a name, or a block of keys such as {name: …}", anyOf(jsonType("string"), hash)}
	case TypeNamed:
		return typeInfo{"list of named entries", "a list of entries, each with a name:, such as [{name: default}]", listOf(hash)}
	case TypeHooks:
		return typeInfo{"hook", `a shell command, or a list of commands and hashes such as {local: "…"} or {remote: "…"}`, anyOf(jsonType("string"), listOf(anyOf(jsonType("string"), hash)), hash)}
	default:
		return typeInfo{"any", "a value", map[string]any{}}
	}
}
