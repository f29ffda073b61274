package backend

// NetworkSpec says what a network must be like.
type NetworkSpec struct {
	Name   string
	Labels Labels
	// IPv6 asks for an IPv6 subnet besides the IPv4 one.
	IPv6 bool
	// IPv6Subnet is the CIDR to use; empty means a stable one derived from Name.
	IPv6Subnet string
}

// Network is what an engine knows of a network.
type Network struct {
	ID, Name string
	Labels   Labels
	IPv6     bool
}
