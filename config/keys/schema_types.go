package keys

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

// typeInfo describes a type to people.
type typeInfo struct {
	// name is the type in the documentation.
	name string
	// expect completes "expected …" in messages, with an example.
	expect string
}

// info describes the type.
func (t Type) info() typeInfo {
	switch t {
	case TypeString:
		return typeInfo{"string", "a string"}
	case TypeVersion:
		return typeInfo{"version", `a version such as "18.5"`}
	case TypeBool:
		return typeInfo{"boolean", "true or false"}
	case TypeInt:
		return typeInfo{"integer", "a whole number"}
	case TypeFloat:
		return typeInfo{"number", "a number such as 1.5"}
	case TypeSize:
		return typeInfo{"size", `a size in bytes or with a unit, such as "512m" or "2g"`}
	case TypeSeconds:
		return typeInfo{"seconds", `a number of seconds, or a time such as "90s" or "5m"`}
	case TypePath:
		return typeInfo{"path", "a path"}
	case TypeStrings:
		return typeInfo{"list of strings", "a list of strings"}
	case TypeInts:
		return typeInfo{"list of integers", "a list of whole numbers such as [35, 213]"}
	case TypeStringMap:
		return typeInfo{"hash of strings", "a hash of strings such as {name: value}"}
	case TypeHash:
		return typeInfo{"hash", "a hash such as {name: value}"}
	case TypeList:
		return typeInfo{"list", "a list"}
	case TypeCommand:
		return typeInfo{"command", `a command such as "/usr/lib/systemd/systemd", or a list of its words`}
	case TypeEnv:
		return typeInfo{"environment", `a hash such as {NAME: value}, or a list of "NAME=value"`}
	case TypePorts:
		return typeInfo{"ports", `a list of ports such as "8080:80" or "127.0.0.1:5353:53/udp"`}
	case TypeMounts:
		return typeInfo{"volumes", `a list of volumes such as "/data", "name:/data" or "./dir:/data:ro"`}
	case TypeMountOptions:
		return typeInfo{"mounts", `a list of mounts such as "type=bind,source=./dir,target=/data"`}
	case TypeTmpfs:
		return typeInfo{"tmpfs", `a list of paths such as "/run:exec,size=64m", or a hash of path to options`}
	case TypeVolumesFrom:
		return typeInfo{"list of containers", `a list of containers such as "name" or "name:ro"`}
	case TypeDevices:
		return typeInfo{"devices", `a list of devices such as "/dev/fuse" or "/dev/a:/dev/b:rwm"`}
	case TypeGPUs:
		return typeInfo{"GPUs", `"all" or a number of GPUs`}
	case TypeUlimits:
		return typeInfo{"ulimits", `a hash such as {nofile: 1024} or a list such as "nofile=1024:2048"`}
	case TypeHosts:
		return typeInfo{"hosts", `a list such as "db:10.0.0.2", or a hash of name to address`}
	case TypeBlock:
		return typeInfo{"block", "a name, or a block of keys such as {name: …}"}
	case TypeNamed:
		return typeInfo{"list of named entries", "a list of entries, each with a name:, such as [{name: default}]"}
	case TypeHooks:
		return typeInfo{"hook", `a shell command, or a list of commands and hashes such as {local: "…"} or {remote: "…"}`}
	default:
		return typeInfo{"any", "a value"}
	}
}
