package keys

import (
	"reflect"
	"sync"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// reader reads values of one form.
type reader struct {
	form  Type
	makes reflect.Type
	// read answers false when there is no value to set; what is wrong has been reported.
	read func(*decoder, *yaml11.Value) (reflect.Value, bool)
}

func reads[T any](form Type, read func(*decoder, *yaml11.Value) (T, bool)) reader {
	return reader{form, reflect.TypeFor[T](), func(d *decoder, v *yaml11.Value) (reflect.Value, bool) {
		got, ok := read(d, v)
		return reflect.ValueOf(got), ok
	}}
}

// readers are all readers: by the types of fields that they are for, and by the names that the tags of others have for
// them.
var readers = sync.OnceValue(func() map[string]reader {
	return map[string]reader{
		"bool":              reads(TypeBool, boolean),
		"*bool":             reads(TypeBool, onOrOff),
		"int":               reads(TypeInt, small),
		"int64":             reads(TypeInt, count),
		"float64":           reads(TypeFloat, decimal),
		"string":            reads(TypeString, word),
		"time.Duration":     reads(TypeSeconds, seconds),
		"[]string":          reads(TypeStrings, texts),
		"[]int":             reads(TypeInts, listOf(small)),
		"map[string]string": reads(TypeStringMap, textMap),
		"config.Hash":       reads(TypeHash, hash),

		"spec.Network":         reads(TypeString, network),
		"spec.Security":        reads(TypeStrings, security),
		"spec.UserNS":          reads(TypeString, userNS),
		"[]spec.Device":        reads(TypeDevices, listOf(device)),
		"[]spec.HostEntry":     reads(TypeHosts, extraHosts),
		"[]spec.Link":          reads(TypeStrings, listOf(link)),
		"[]spec.Mount":         reads(TypeMounts, volumes),
		"[]spec.PortMapping":   reads(TypePorts, ports),
		"[]spec.Ulimit":        reads(TypeUlimits, ulimits),
		"[]spec.VolumesFrom":   reads(TypeVolumesFrom, listOf(volumesFrom)),
		"[]config.Endpoint":    reads(TypeStrings, endpoints),
		"[]config.Ignored":     reads(TypeStrings, ignored),
		"[]config.InspecTest":  reads(TypeList, listOf(inspecTest)),
		"*config.HealthCheck":  reads(TypeHash, healthCheck),
		"*config.NetworkFault": reads(TypeHash, networkFault),
		"*config.Ready":        reads(TypeHash, ready),

		"map[string]config.BuildSecret": reads(TypeHash, buildSecrets),

		"build context": reads(TypePath, buildContext),
		"cgroupns":      reads(TypeString, namespaceOf(spec.NamespaceHost, spec.NamespacePrivate)),
		"command":       reads(TypeCommand, command),
		"count or -1":   reads(TypeInt, limit),
		"cwd":           reads(TypePath, text), // of a remote command it is the runner's: it stays as it is
		"depends on":    reads(TypeStrings, dependsOn),
		"engine":        reads(TypeString, engineBinary),
		"env":           reads(TypeEnv, environment),
		"exposed ports": reads(TypeStrings, exposedPorts),
		"filters":       reads(TypeStrings, filterTexts),
		"flags":         reads(TypeStrings, flags),
		"globs":         reads(TypeStrings, globs),
		"gpus":          reads(TypeGPUs, gpus),
		"host cgroupns": reads(TypeBool, whenOn(spec.Namespace{Mode: spec.NamespaceHost})),
		"host userns":   reads(TypeBool, whenOn(spec.UserNS{Mode: spec.UserNSHost})),
		"hostname":      reads(TypeString, hostname),
		"image":         reads(TypeString, image),
		"instructions":  reads(TypeStrings, instructions),
		"ipam":          reads(TypeHash, ipam),
		"ipc": reads(TypeString, namespaceOf(spec.NamespaceNone, spec.NamespaceHost, spec.NamespacePrivate,
			spec.NamespaceShareable, spec.NamespaceContainer)),
		"ipv4":        reads(TypeString, ipv4),
		"labels":      reads(TypeStringMap, labels),
		"log pattern": reads(TypeString, logPattern),
		"mounts":      reads(TypeMountOptions, listOf(mount)),
		"names":       reads(TypeString, texts),
		"path":        reads(TypePath, filePath),
		"path inside": reads(TypeString, pathInside),
		"paths":       reads(TypeStrings, listOf(filePath)),
		"pattern":     reads(TypeString, pattern),
		"percentage":  reads(TypeString, percentage),
		"pid": reads(TypeString, namespaceOf(spec.NamespaceHost, spec.NamespacePrivate,
			spec.NamespaceContainer)),
		"platform":           reads(TypeString, platformName),
		"platform or family": reads(TypeString, platform),
		"port":               reads(TypeInt, onePort),
		"pull":               reads(TypeBool, pullNewer),
		"rate":               reads(TypeString, rate),
		"ruby hash":          reads(TypeHash, rubyHash),
		"run lines":          reads(TypeStrings, runInstructions),
		"run list name":      reads(TypeString, namedRunList),
		"search path":        reads(TypeStrings, searchPath),
		"servers":            reads(TypeStrings, licenseServers),
		"shell":              reads(TypeStrings, shellCommand),
		"shell line":         reads(TypeString, hookCommand),
		"size":               reads(TypeSize, byteSize),
		"size or -1":         reads(TypeSize, bytesOrUnlimited),
		"slow report":        reads(TypeAny, slowReport),
		"subnet":             reads(TypeString, subnet),
		"time":               reads(TypeSeconds, someTime),
		"tmpfs":              reads(TypeTmpfs, tmpfs),
		"trimmed":            reads(TypeString, trimmed),
		"url":                reads(TypeString, address),
		"verbosity":          reads(TypeAny, verbosity),
		"version":            reads(TypeVersion, text),
	}
})
