package trace

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// The bounds of sending: how many spans go at once, how many such batches may wait, and how long the end of galley
// waits for a collector.
const (
	batchSize    = 512
	batchesAhead = 64
	lastWait     = 5 * time.Second
)

// otlp sends spans to a collector, as OTLP over HTTP in its JSON form. The run goes on meanwhile, whatever becomes of
// it.
type otlp struct {
	url      *url.URL
	headers  map[string]string
	resource []object
	trace    string // hexadecimal, as IDs of spans
	// salt makes the IDs of spans differ from those of other processes in the same trace. parent is the span of the
	// program that started galley, or empty.
	salt    uint64
	parent  string
	batch   []object
	batches chan []object
	// sending ends when the last batch was sent; err is why one was not.
	sending chan struct{}
	err     error
	stop    context.CancelFunc
	warn    func(string)
}

// object is one of OTLP's messages in JSON.
type object = map[string]any

// attributes are those of a resource or a span.
func attributes(values map[string]string) []object {
	list := []object{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		list = append(list, object{"key": key, "value": object{"stringValue": values[key]}})
	}
	return list
}

// The numbers of OTLP.
const (
	kindInternal = 1
	kindClient   = 3
	statusError  = 2
)

// traceparent is the variable that names the trace that this is a part of, in the form of W3C.
var traceparent = lazyregexp.New("^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

// OpenOTLP sends a trace to the collector that OpenTelemetry's variables name; nil when none is named. What goes wrong
// then is told once, by warn, and fails nothing.
func OpenOTLP(getenv func(string) string, command, version string, warn func(string)) (*Sink, error) {
	variable, endpoint := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if endpoint == "" {
		variable, endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	if endpoint == "" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") ||
		getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%s: write http://HOST:4318 or https://", variable)
	}
	if variable == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1/traces")
	}
	ctx, stop := context.WithCancel(context.Background())
	o := &otlp{url: u,
		headers: pairs(cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS"), getenv("OTEL_EXPORTER_OTLP_HEADERS"))),
		batches: make(chan []object, batchesAhead), sending: make(chan struct{}), stop: stop, warn: warn}
	resource := pairs(getenv("OTEL_RESOURCE_ATTRIBUTES"))
	resource["service.name"] = cmp.Or(getenv("OTEL_SERVICE_NAME"), resource["service.name"], "galley")
	resource["service.version"] = version
	o.resource = attributes(resource)
	var id [24]byte
	_, _ = rand.Read(id[:]) // it cannot fail
	o.trace, o.salt = hex.EncodeToString(id[:16]), binary.BigEndian.Uint64(id[16:])
	if m := traceparent().FindStringSubmatch(getenv("TRACEPARENT")); m != nil {
		o.trace, o.parent = m[1], m[2]
	}
	go o.send(ctx)
	return newSink(o, command), nil
}

// pairs reads k=v,k=v, with values as in URLs.
func pairs(list string) map[string]string {
	found := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if plain, err := url.PathUnescape(v); err == nil {
			v = plain
		}
		if ok {
			found[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	return found
}

func (o *otlp) id(n uint64) string {
	if n == 0 {
		return o.parent
	}
	return fmt.Sprintf("%016x", o.salt+n)
}

func (o *otlp) write(p span) error {
	known := map[string]string{"galley.kind": p.Kind, "galley.instance": p.Instance, "galley.detail": p.Detail}
	maps.DeleteFunc(known, func(_, value string) bool { return value == "" })
	s := object{"traceId": o.trace, "spanId": o.id(p.ID), "name": p.Name, "kind": kindInternal,
		"startTimeUnixNano": strconv.FormatInt(p.Time.UnixNano(), 10),
		"endTimeUnixNano":   strconv.FormatInt(p.Time.Add(p.Duration).UnixNano(), 10),
		"attributes":        attributes(known), "status": object{}}
	if parent := o.id(p.Parent); parent != "" {
		s["parentSpanId"] = parent
	}
	if p.Kind == "engine" {
		s["kind"] = kindClient
	}
	if p.Error != "" {
		s["status"] = object{"code": statusError, "message": p.Error}
	}
	if o.batch = append(o.batch, s); len(o.batch) >= batchSize {
		o.flush()
	}
	return nil
}

// flush hands the batch over, and drops it when the collector is too far behind.
func (o *otlp) flush() {
	select {
	case o.batches <- o.batch:
	default:
	}
	o.batch = nil
}

// send sends batches until there are no more. After an error it sends nothing.
func (o *otlp) send(ctx context.Context) {
	defer close(o.sending)
	for batch := range o.batches {
		if o.err == nil {
			o.err = o.post(ctx, batch)
		}
	}
}

func (o *otlp) post(ctx context.Context, batch []object) error {
	body, err := json.Marshal(object{"resourceSpans": []object{{"resource": object{"attributes": o.resource},
		"scopeSpans": []object{{"scope": object{"name": "galley"}, "spans": batch}}}}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	for k, v := range o.headers {
		r.Header.Set(k, v)
	}
	// A collector that moved would get the headers, with their keys, elsewhere.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)) // so that the connection can be used again
	if answer.StatusCode/100 != 2 {
		return errors.New("it answered " + answer.Status)
	}
	return nil
}

// close sends the rest and waits for that, but not for long.
func (o *otlp) close() error {
	o.flush()
	close(o.batches)
	t := time.AfterFunc(lastWait, o.stop)
	<-o.sending
	t.Stop()
	o.stop()
	if err := o.err; err != nil {
		var failed *url.Error
		if errors.As(err, &failed) { // its own words have the whole address
			err = failed.Err
		}
		if errors.Is(err, context.Canceled) {
			err = fmt.Errorf("it took longer than %s", lastWait)
		}
		o.warn(fmt.Sprintf("the trace was not sent to %s: %v", o.url.Scheme+"://"+o.url.Host, err))
	}
	return nil
}
