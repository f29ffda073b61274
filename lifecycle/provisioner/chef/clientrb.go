package chef

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/rubyfloat"
	"github.com/galley-kitchen/galley/internal/userdir"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// nodeName is what the client calls its node: of several machines their own names, which are no paths.
func (c Chef) nodeName() string {
	if c.Node != nil {
		return c.Node.Name
	}
	return c.PlainName()
}

// clientRB is the client's configuration: galley's settings, and client_rb from kitchen.yml over them.
func (c Chef) clientRB(sb sandbox.Dir) string {
	k := c.Provisioner.Chef
	at := func(name string) string { return path.Join(sb.Remote, name) }
	conf := map[string]any{
		"node_name":                            c.nodeName(),
		"checksum_path":                        at("checksums"),
		"file_cache_path":                      at("cache"),
		"file_backup_path":                     at("backup"),
		"cookbook_path":                        []any{at("cookbooks"), at("site-cookbooks")},
		"data_bag_path":                        at("data_bags"),
		"environment_path":                     at("environments"),
		"node_path":                            at("nodes"),
		"role_path":                            at("roles"),
		"client_path":                          at("clients"),
		"user_path":                            at("users"),
		"validation_key":                       at(ValidationFile),
		"client_key":                           at("client.pem"),
		"chef_server_url":                      "http://127.0.0.1:" + strconv.Itoa(k.ZeroPort),
		"encrypted_data_bag_secret":            at(secretFile),
		"treat_deprecation_warnings_as_errors": k.Deprecations,
	}
	if k.License != "" {
		conf["chef_license"] = k.License
	}
	if k.NamedRunList != "" {
		conf["named_run_list"] = k.NamedRunList
	}
	for _, p := range k.ClientRB {
		conf[p.Key] = p.Value
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		value := ruby(conf[key])
		if _, ok := conf[key].(config.Hash); ok {
			value = "(" + value + ")" // Ruby would take a brace for a block's
		}
		fmt.Fprintf(&b, "%s %s\n", key, value)
	}
	return b.String()
}

var (
	rubyText   = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)
	rubyInsert = lazyregexp.New(`#([{$@])`)
)

// ruby writes a value as a Ruby literal. A string that starts with a colon is a
// symbol, as Test Kitchen has it; all other strings mean what they say.
func ruby(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		if strings.HasPrefix(v, ":") {
			return v
		}
		return `"` + rubyInsert().ReplaceAllString(rubyText.Replace(v), `\#$1`) + `"`
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = ruby(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case float64:
		return rubyfloat.Format(v)
	case config.Hash:
		parts := make([]string, 0, len(v))
		for _, p := range v {
			parts = append(parts, ruby(p.Key)+" => "+ruby(p.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return fmt.Sprint(v)
	}
}

// validationKey is a key that means nothing: the client in local mode wants one to be there and accepts any. It takes a
// while to make, so this user's first one serves for ever, where it can be kept.
func validationKey() ([]byte, error) {
	file := ""
	if dir, err := userdir.Cache("galley"); err == nil { // where no other user can put a link or a key
		file = filepath.Join(dir, "validation.pem")
		if old, err := os.ReadFile(file); err == nil && len(old) > 0 {
			return old, nil
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a validation key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if file != "" {
		// A home that cannot be written to, or is another user's, only costs the time for another one.
		_ = sandbox.WriteFile(file, text, 0o600)
	}
	return text, nil
}
