package config

import "time"

// The constructors below tie a key to a field of Instance: the type is read, and
// the default set, by the binding alone.

func textField(def string, at func(*Instance) *string) field[string] {
	return field[string]{form: TypeString, at: at, def: def, parse: word}
}

func versionField(def string, at func(*Instance) *string) field[string] {
	return field[string]{form: TypeVersion, at: at, def: def, parse: text}
}

func imageField(at func(*Instance) *string) field[string] {
	return field[string]{form: TypeString, at: at, parse: image}
}

func pathField(at func(*Instance) *string) field[string] {
	return field[string]{form: TypePath, at: at, parse: filePath}
}

func flagField(def bool, at func(*Instance) *bool) field[bool] {
	return field[bool]{form: TypeBool, at: at, def: def, parse: boolean}
}

func intField(def int, at func(*Instance) *int) field[int] {
	return field[int]{form: TypeInt, at: at, def: def, parse: small}
}

func countField(at func(*Instance) *int64) field[int64] {
	return field[int64]{form: TypeInt, at: at, parse: count}
}

func sizeField(at func(*Instance) *int64) field[int64] {
	return field[int64]{form: TypeSize, at: at, parse: byteSize}
}

func secondsField(def time.Duration, at func(*Instance) *time.Duration) field[time.Duration] {
	return field[time.Duration]{form: TypeSeconds, at: at, def: def, parse: seconds}
}

func textsField(at func(*Instance) *[]string) field[[]string] {
	return field[[]string]{form: TypeStrings, at: at, parse: texts}
}

func commandField(at func(*Instance) *[]string) field[[]string] {
	return field[[]string]{form: TypeCommand, at: at, parse: command}
}

func envField(at func(*Instance) *map[string]string) field[map[string]string] {
	return field[map[string]string]{form: TypeEnv, at: at, parse: environment, join: mergeInto[string]}
}

func textMapField(at func(*Instance) *map[string]string) field[map[string]string] {
	return field[map[string]string]{form: TypeStringMap, at: at, parse: textMap, join: mergeInto[string]}
}

func hashField(at func(*Instance) *Hash) field[Hash] {
	return field[Hash]{form: TypeHash, at: at, parse: hash}
}

func mountsField(form Type, parse parser[[]Mount]) field[[]Mount] {
	return field[[]Mount]{
		form: form, parse: parse, join: appendTo[Mount],
		at: func(i *Instance) *[]Mount { return &i.Driver.Mounts },
	}
}
