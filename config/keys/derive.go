package keys

import (
	"cmp"
	"maps"
	"strings"

	"github.com/galley-kitchen/galley/config"
)

// The products that run as chef-client.
const (
	productChef = "chef"
	productCinc = "cinc"
)

// deriveDriver fills in what follows from the platform's name and the provisioner.
func deriveDriver(dr *config.Driver, platform string, p config.Provisioner) {
	if dr.Image == "" {
		dr.Image = imageOf(platform)
	}
	if dr.ToolImage == "" {
		dr.ToolImage = "chef/chef"
		if p.Chef.ProductName == productCinc {
			dr.ToolImage = "cincproject/cinc"
		}
	}
	if dr.ToolVersion == "" && p.Name != driverDokken {
		// kitchen-dokken knows only chef_version; other provisioners install product_version.
		dr.ToolVersion = p.Chef.ProductVersion
	}
	dr.ToolImage = config.TaggedImage(dr.ToolImage, cmp.Or(dr.ToolVersion, "latest"))
}

// deriveInspec takes over what the provisioner says of Chef's licence: it covers InSpec, and users of kitchen-inspec,
// which never asks, say it once. A client that does not keep the acceptance has none for InSpec to find.
func deriveInspec(v *config.InspecVerifier, c config.Chef) {
	v.License = cmp.Or(v.License, c.License)
	v.LicenseKey = cmp.Or(v.LicenseKey, c.LicenseKey)
	v.LicenseServer = cmp.Or(v.LicenseServer, c.LicenseServer)
}

// imageOf makes an image of a platform's name, as dokken does: of the parts between dashes the first is the repository
// and the second the tag; others do not count.
func imageOf(platform string) string {
	parts := strings.Split(platform, "-")
	if len(parts) == 1 {
		return parts[0]
	}
	return parts[0] + ":" + parts[1]
}

// withProxy adds the proxies to an environment, in both spellings, where it does not set them itself.
func withProxy(env map[string]string, p config.Proxy) map[string]string {
	add := map[string]string{}
	for _, v := range []struct{ name, value string }{
		{"http_proxy", p.HTTP}, {"https_proxy", p.HTTPS}, {"ftp_proxy", p.FTP}, {"no_proxy", p.No},
	} {
		if v.value != "" {
			add[v.name], add[strings.ToUpper(v.name)] = v.value, v.value
		}
	}
	if len(add) == 0 {
		return env
	}
	maps.Copy(add, env)
	return add
}
