package keys

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

// The constructors below tie a key to a field of Instance, by its path such as
// "Driver.Image": the type is read, and the default set, by the binding alone.

// at finds the field of a path in Instance.
func at[T any](path string) func(*config.Instance) *T { return fieldOf[config.Instance, T](path) }

// fieldOf finds the field of a path in S. It panics when there is none of the type: the table of keys is built once, and
// by every test.
func fieldOf[S, T any](path string) func(*S) *T {
	typ := reflect.TypeFor[S]()
	var index []int
	for _, name := range strings.Split(path, ".") {
		f, ok := typ.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("keys: %s has no field %s", reflect.TypeFor[S](), path))
		}
		index, typ = append(index, f.Index...), f.Type
	}
	if typ != reflect.TypeFor[T]() {
		panic(fmt.Sprintf("keys: %s is a %s, not a %s", path, typ, reflect.TypeFor[T]()))
	}
	return func(s *S) *T {
		return reflect.ValueOf(s).Elem().FieldByIndex(index).Addr().Interface().(*T)
	}
}

// parsed is a key of a form that is read by parse.
func parsed[T any](form Type, path string, parse parser[T]) field[T] {
	return field[T]{form: form, at: at[T](path), parse: parse}
}

// withDefault gives a key a value for when it is not there.
func withDefault[T any](def T, f field[T]) field[T] {
	f.def = def
	return f
}

// joined is for a list that several keys add to.
func joined[T any](f field[[]T]) field[[]T] {
	f.join = appendTo[T]
	return f
}

// merged is for a map that several keys add to.
func merged(f field[map[string]string]) field[map[string]string] {
	f.join = mergeInto[string]
	return f
}

// enumKey is a key that takes one of some words. The first is its default; "" stands for none.
func enumKey[T ~string](name, path string, def T, others ...T) Key {
	k := Key{Name: name, value: withDefault(def, parsed(TypeString, path, enum[T])), Enum: wordsOf(others...)}
	if def != "" {
		k.Enum = append(wordsOf(def), k.Enum...)
	}
	return k
}

// wordsOf are values of a type of words as texts.
func wordsOf[T ~string](list ...T) []string {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	return words
}

func textField(def, path string) field[string] {
	return withDefault(def, parsed(TypeString, path, word))
}

func versionField(path string) field[string] { return parsed(TypeVersion, path, text) }

func imageField(path string) field[string] { return parsed(TypeString, path, image) }

func pathField(path string) field[string] { return parsed(TypePath, path, filePath) }

func flagField(def bool, path string) field[bool] {
	return withDefault(def, parsed(TypeBool, path, boolean))
}

func intField(def int, path string) field[int] { return withDefault(def, parsed(TypeInt, path, small)) }

func countField(path string) field[int64] { return parsed(TypeInt, path, count) }

func sizeField(path string) field[int64] { return parsed(TypeSize, path, byteSize) }

func secondsField(def time.Duration, path string) field[time.Duration] {
	return withDefault(def, parsed(TypeSeconds, path, seconds))
}

func textsField(path string) field[[]string] { return parsed(TypeStrings, path, texts) }

func commandField(path string) field[[]string] { return parsed(TypeCommand, path, command) }

func envField(path string) field[map[string]string] {
	return merged(parsed(TypeEnv, path, environment))
}

func textMapField(path string) field[map[string]string] {
	return merged(parsed(TypeStringMap, path, textMap))
}

func hashField(path string) field[config.Hash] { return parsed(TypeHash, path, hash) }

func mountsField(form Type, parse parser[[]spec.Mount]) field[[]spec.Mount] {
	return joined(parsed(form, "Driver.Mounts", parse))
}

// Type is what the value of a key must look like, as the documentation names it.
type Type string

// The types of values.
const (
	TypeAny          Type = "any"
	TypeString       Type = "string"
	TypeVersion      Type = "version"
	TypeBool         Type = "boolean"
	TypeInt          Type = "integer"
	TypeFloat        Type = "number"
	TypeSize         Type = "size"
	TypeSeconds      Type = "seconds"
	TypePath         Type = "path"
	TypeStrings      Type = "list of strings"
	TypeInts         Type = "list of integers"
	TypeStringMap    Type = "hash of strings"
	TypeHash         Type = "hash"
	TypeList         Type = "list"
	TypeCommand      Type = "command"
	TypeEnv          Type = "environment"
	TypePorts        Type = "ports"
	TypeMounts       Type = "volumes"
	TypeMountOptions Type = "mounts"
	TypeTmpfs        Type = "tmpfs"
	TypeVolumesFrom  Type = "list of containers"
	TypeDevices      Type = "devices"
	TypeGPUs         Type = "GPUs"
	TypeUlimits      Type = "ulimits"
	TypeHosts        Type = "hosts"
	TypeBlock        Type = "block"
	TypeBoolOrBlock  Type = "boolean or block"
	TypeNamed        Type = "list of named entries"
	TypeHooks        Type = "hook"
)

// expected completes "expected …" in messages, with an example.
func (t Type) expected() string {
	return map[Type]string{
		TypeAny:          "a value",
		TypeString:       "a string",
		TypeVersion:      `a version such as "18.5"`,
		TypeBool:         "true or false",
		TypeInt:          "a whole number",
		TypeFloat:        "a number such as 1.5",
		TypeSize:         `a size in bytes or with a unit, such as "512m" or "2g"`,
		TypeSeconds:      `a number of seconds, or a time such as "90s" or "5m"`,
		TypePath:         "a path",
		TypeStrings:      "a list of strings",
		TypeInts:         "a list of whole numbers such as [35, 213]",
		TypeStringMap:    "a hash of strings such as {name: value}",
		TypeHash:         "a hash such as {name: value}",
		TypeList:         "a list",
		TypeCommand:      `a command such as "/usr/lib/systemd/systemd", or a list of its words`,
		TypeEnv:          `a hash such as {NAME: value}, or a list of "NAME=value"`,
		TypePorts:        `a list of ports such as "8080:80" or "127.0.0.1:5353:53/udp"`,
		TypeMounts:       `a list of volumes such as "/data", "name:/data" or "./dir:/data:ro"`,
		TypeMountOptions: `a list of mounts such as "type=bind,source=./dir,target=/data"`,
		TypeTmpfs:        `a list of paths such as "/run:exec,size=64m", or a hash of path to options`,
		TypeVolumesFrom:  `a list of containers such as "name" or "name:ro"`,
		TypeDevices:      `a list of devices such as "/dev/fuse" or "/dev/a:/dev/b:rwm"`,
		TypeGPUs:         `"all" or a number of GPUs`,
		TypeUlimits:      `a hash such as {nofile: 1024} or a list such as "nofile=1024:2048"`,
		TypeHosts:        `a list such as "db:10.0.0.2", or a hash of name to address`,
		TypeBlock:        "a name, or a block of keys such as {name: …}",
		TypeBoolOrBlock:  "true, false, or a block of keys such as {command: …}",
		TypeNamed:        "a list of entries, each with a name:, such as [{name: default}]",
		TypeHooks:        `a shell command, or a list of commands and hashes such as {local: "…"} or {remote: "…"}`,
	}[t]
}
