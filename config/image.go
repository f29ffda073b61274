package config

import (
	"strings"
)

// TaggedImage joins chef_image and chef_version. A tag or digest that is a part of the image wins.
func TaggedImage(image, version string) string {
	if strings.ContainsAny(image[strings.LastIndexByte(image, '/')+1:], ":@") {
		return image
	}
	if version == "stable" {
		version = "latest"
	}
	return image + ":" + version
}
