package fake

// APICalls returns how many requests a real engine gets for a call: the fake counts with
// these numbers, and the contract holds real backends to them. Where engines differ it is
// the larger number. The first call of all may take more, to learn what the engine is.
func APICalls(verb string) int {
	switch verb {
	case "Exec": // create, start, inspect
		return 3
	case "PullImage", "BuildImage": // and inspect what came of it
		return 2
	case "CopyTo", "CopyFrom": // Docker's archives do not see all that processes do: an Exec asks one
		return 4
	case "ContainerLogs": // Docker frames the log or not, as the container has no terminal or one
		return 2
	case "WaitContainer": // Podman tells the exit code by an inspection
		return 2
	default:
		return 1
	}
}

// What some calls take more in special cases.
const (
	// ToolCalls: a container with tools takes a look at the container that carries them,
	// where the engine needs one.
	ToolCalls = 1
	// NewNetworkCalls: ensureNetwork makes what is not there, and looks for twins
	// where the engine allows two networks of one name.
	NewNetworkCalls = 2
)
