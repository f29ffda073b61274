package config

// transportKeys are the keys of `transport:`. galley reaches every runner through
// its engine, so most of them have nothing to say.
func transportKeys() []Key {
	keys := []Key{
		{Name: "name", value: textField("", "Transport.Name")},
		{Name: "login_command", value: textField("", "Transport.LoginCommand")},
	}
	const engine = "galley runs commands through the engine"
	for _, k := range []struct{ name, why string }{
		{"docker_host_url", "the driver's `docker_host_url` holds for all"},
		{"docker_info", "galley asks the engine itself"},
		{"socket", "the driver's `socket` holds for all"},
		{"host_ip_override", "galley uploads through the engine, without a data container"},
		{"read_timeout", engine}, {"write_timeout", engine}, {"connection_timeout", engine},
		{"connection_retries", engine}, {"connection_retry_sleep", engine}, {"max_wait_until_ready", engine},
		{"max_ssh_sessions", engine}, {"ssh_key", engine}, {"ssh_key_only", engine}, {"username", engine}, {"password",
			engine},
		{"port", engine}, {"keepalive", engine}, {"keepalive_interval", engine}, {"compression", engine},
		{"compression_level", engine},
		{"elevated", engine}, {"elevated_username", engine}, {"elevated_password", engine}, {"forward_agent", engine},
		{"require_chef_omnibus", "Chef comes from the Chef image"},
		{"binary", engine}, {"env_variables", "write `driver.env`"}, {"interactive", engine}, {"tty", engine},
		{"privileged", engine},
		{"working_dir", "write `driver.working_dir`"}, {"temp_dir", engine}, {"detach", engine}, {"use_sudo", engine},
		{"tls", engine}, {"tls_verify", engine}, {"tls_cacert", engine}, {"tls_cert", engine}, {"tls_key", engine},
		{"proxy_command", engine}, {"ssh_gateway", engine}, {"ssh_gateway_port", engine}, {"ssh_gateway_username", engine},
	} {
		keys = append(keys, Key{Name: k.name, Inert: k.why})
	}
	return inSection(SectionTransport, keys)
}
