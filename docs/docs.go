// Package docs holds what the program shows of the documentation.
package docs

import _ "embed"

// KitchenSchema is the JSON Schema (draft 7) of kitchen.yml, for editors that complete
// and check YAML files. A test of package keys makes it from the table of keys.
//
//go:embed kitchen.schema.json
var KitchenSchema []byte
