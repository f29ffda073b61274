// Package mask hides secrets in text that is shown or kept.
package mask

import (
	"errors"
	"net/url"
	"strings"
)

// Hidden stands in place of a secret.
const Hidden = "********"

// Address hides the password in an address such as ssh://user:password@host, however malformed it is: all between the
// first ":" and the last "@" counts as the password.
func Address(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return userinfo(text)
	}
	return userinfo(scheme) + "://" + userinfo(rest)
}

func userinfo(text string) string {
	colon, at := strings.IndexByte(text, ':'), strings.LastIndexByte(text, '@')
	if colon < 0 || at < colon {
		return text
	}
	return text[:colon+1] + Hidden + text[at:]
}

// AddressError returns what is wrong with an address, without the address, which the errors of net/url quote.
func AddressError(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	var escape url.EscapeError
	switch {
	case errors.As(err, &escape):
		return errors.New("there is a % that is not followed by two hexadecimal digits")
	case strings.Contains(err.Error(), "invalid port"): // which may be a piece of a password
		return errors.New("what stands behind the host is not a port")
	}
	return err
}
