package keys

// transportKeys are the keys of `transport:`. galley reaches every runner through
// its engine, so most of them have nothing to say.
func transportKeys() []Key {
	keys := []Key{
		{Name: "name", value: textField("", "Transport.Name")},
		{Name: "login_command", value: textField("", "Transport.LoginCommand")},
	}
	return inSection(SectionTransport, keys)
}
