package keys

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

// plain turns the value of a field into YAML's terms: nil, bool, int64, float64,
// string, []any and map[string]any. An empty text, list or hash is nil.
func plain(v any) any {
	switch x := v.(type) {
	case nil:
		return nil
	case time.Duration:
		return plainSeconds(x)
	case spec.Security:
		return plain(x.Options())
	case fmt.Stringer:
		return plain(x.String())
	case config.Hash:
		if len(x) == 0 {
			return nil
		}
		return plainHash(x)
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Bool:
		return r.Bool()
	case reflect.Int, reflect.Int64:
		return r.Int()
	case reflect.Float64:
		return r.Float()
	case reflect.String:
		if r.Len() == 0 {
			return nil
		}
		return r.String()
	case reflect.Slice:
		if r.Len() == 0 {
			return nil
		}
		out := make([]any, r.Len())
		for i := range out {
			out[i] = plain(r.Index(i).Interface())
		}
		return out
	case reflect.Map:
		if r.Len() == 0 {
			return nil
		}
		out := make(map[string]any, r.Len())
		for it := r.MapRange(); it.Next(); {
			out[it.Key().String()] = plain(it.Value().Interface())
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for i := range r.NumField() {
			if p := plain(r.Field(i).Interface()); p != nil {
				out[snake(r.Type().Field(i).Name)] = p
			}
		}
		return out
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		return plain(r.Elem().Interface())
	}
	return v
}

// plainHash is the hash without its order.
func plainHash(h config.Hash) map[string]any {
	out := make(map[string]any, len(h))
	for _, p := range h {
		out[p.Key] = plain(p.Value)
	}
	return out
}

// plainSeconds is a whole number of seconds, or a text such as "1.5s".
func plainSeconds(t time.Duration) any {
	if t%time.Second == 0 {
		return int64(t / time.Second)
	}
	return strconv.FormatFloat(t.Seconds(), 'f', -1, 64) + "s"
}

// snake is the name of a field as kitchen.yml writes it: SupermarketURL is supermarket_url.
func snake(name string) string {
	var out []byte
	for i := 0; i < len(name); i++ {
		c := name[i]
		upper := c >= 'A' && c <= 'Z'
		if upper && i > 0 && (name[i-1] < 'A' || name[i-1] > 'Z') {
			out = append(out, '_')
		}
		if upper {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return string(out)
}
