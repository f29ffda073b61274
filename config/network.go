package config

// Network is a network of the instance's own, on which its runner is: an entry of kitchen.yml's `networks:`.
type Network struct {
	Name string
	// Subnet is a CIDR, empty for one that the engine chooses.
	Subnet string `key:"subnet" as:"subnet"`
	// Internal leaves containers no way out.
	Internal bool `key:"internal"`
	// IPv4 is the fixed address of the runner, and Aliases are further names of it.
	IPv4    string   `key:"ipv4_address" as:"ipv4"`
	Aliases []string `key:"aliases"`
}

// Endpoint is how a service, or a node, is on a network besides that of all services and nodes.
type Endpoint struct {
	// Network is the name of one of the instance's networks.
	Network string
	IPv4    string
	Aliases []string
}
