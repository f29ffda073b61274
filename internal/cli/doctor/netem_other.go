//go:build !linux

package doctor

import "errors"

func slowNetwork() error { return errors.New("containers run Linux") }
