package publish

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/galley-kitchen/galley/backend"
)

// connectionError is a request that got no answer. It does not unwrap: what is tried again is not for others to decide.
type connectionError struct {
	host  string
	plain bool // refused, since it would have been plain HTTP
	cause error
}

func (e *connectionError) Error() string { return e.host + ": " + e.cause.Error() }

// failure is a step that failed.
type failure struct {
	err error
	// passing is set when it may go well in a moment.
	passing bool
}

// explain says what failed in words, and what can be done. It is the one place where a registry's answers are told
// apart.
func explain(op string, repo name.Repository, err error) failure {
	host := repo.RegistryStr()
	e := &backend.Error{Op: op, Err: err}
	var answer *transport.Error
	var lost *connectionError
	switch {
	// One on this machine is asked over plain HTTP too, and what it answers to that is beside the point.
	case errors.As(err, &lost) && untrusted(lost.cause):
		return explainLost(e, host, lost)
	case errors.As(err, &answer):
		return explainAnswer(e, host, answer)
	case lost != nil:
		return explainLost(e, host, lost)
	}
	e.Detail = err.Error()
	return failure{err: e}
}

func explainAnswer(e *backend.Error, host string, answer *transport.Error) failure {
	code := answer.StatusCode
	e.Detail = fmt.Sprintf("the registry answers %d: %s", code, said(answer))
	text := strings.ToLower(answer.Error())
	says := func(words string) bool { return strings.Contains(text, words) }
	switch {
	case code == http.StatusInsufficientStorage, code == http.StatusRequestEntityTooLarge,
		slices.ContainsFunc([]string{"no space", "quota", "disk is full", "disk full", "insufficient storage"}, says):
		e.Kind = backend.ErrNoSpace
		e.Remedy = "The registry has no room for the image, or a limit for its size: make room there."
	case code == http.StatusUnauthorized:
		e.Kind = backend.ErrUnauthorized
		e.Remedy = fmt.Sprintf("Log in with `docker login %s` or `podman login %s`, or set driver.creds_file.", host, host)
	case code == http.StatusForbidden || hasCode(answer, transport.DeniedErrorCode):
		e.Kind = backend.ErrUnauthorized
		e.Remedy = "The registry knows who you are and refuses: see that the name is right, and that you may push there."
	case code == http.StatusNotFound || hasCode(answer, transport.NameInvalidErrorCode, transport.NameUnknownErrorCode):
		e.Kind = backend.ErrNotFound
		e.Remedy = "See that the name is right; some registries want a repository to be made first."
	case code == http.StatusTooManyRequests || code >= 500 || code == http.StatusRequestTimeout:
		e.Kind, e.Remedy = backend.ErrUnreachable, "Try again later. The names were not given to what was sent."
		return failure{err: e, passing: true}
	case hasCode(answer, transport.BlobUploadUnknownErrorCode, transport.BlobUploadInvalidErrorCode):
		e.Remedy = "Try again."
		return failure{err: e, passing: true} // the registry lost the upload
	}
	return failure{err: e}
}

// said is what a registry said, on one line and not without end.
func said(answer *transport.Error) string {
	var list []string
	for _, d := range answer.Errors {
		list = append(list, strings.TrimSpace(string(d.Code)+" "+d.Message))
	}
	if len(list) == 0 {
		return http.StatusText(answer.StatusCode)
	}
	text := strings.Join(strings.Fields(strings.Join(list, "; ")), " ")
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "…"
	}
	return backend.PlainReason(text)
}

// maxSaid is how many bytes of a registry's own words are shown.
const maxSaid = 500

func hasCode(answer *transport.Error, codes ...transport.ErrorCode) bool {
	return slices.ContainsFunc(answer.Errors, func(d transport.Diagnostic) bool { return slices.Contains(codes, d.Code) })
}

func explainLost(e *backend.Error, host string, lost *connectionError) failure {
	e.Kind, e.Detail = backend.ErrUnreachable, lost.Error()
	var dns *net.DNSError
	switch cause := lost.cause; {
	case lost.plain, speaksPlain(cause):
		e.Remedy = "galley pushes over TLS. Give the registry a certificate."
	case untrusted(cause):
		e.Remedy = fmt.Sprintf("Put the certificate of its authority into /etc/docker/certs.d/%s/ca.crt or "+
			"~/.config/containers/certs.d/%s/ca.crt.", host, host)
	case errors.As(cause, &dns) && dns.IsNotFound:
		e.Remedy = "See that the registry's address is right."
	default:
		e.Remedy = "See that the registry runs and can be reached from here. What was sent has no name."
		return failure{err: e, passing: true}
	}
	return failure{err: e}
}

// speaksPlain reports whether a server that was asked over TLS answered over plain HTTP.
func speaksPlain(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) ||
		err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// untrusted reports whether a certificate was refused.
func untrusted(err error) bool {
	var refused *tls.CertificateVerificationError
	return errors.As(err, &refused)
}
