package keys

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
