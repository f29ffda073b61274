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

// at finds the field of a path. It panics when there is none of the type: the table of
// keys is built once, and by every test.
func at[T any](path string) func(*config.Instance) *T {
	typ := reflect.TypeFor[config.Instance]()
	var index []int
	for _, name := range strings.Split(path, ".") {
		f, ok := typ.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("keys: Instance has no field %s", path))
		}
		index, typ = append(index, f.Index...), f.Type
	}
	if typ != reflect.TypeFor[T]() {
		panic(fmt.Sprintf("keys: %s is a %s, not a %s", path, typ, reflect.TypeFor[T]()))
	}
	return func(i *config.Instance) *T {
		return reflect.ValueOf(i).Elem().FieldByIndex(index).Addr().Interface().(*T)
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
