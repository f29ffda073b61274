// Package keys says what the keys of kitchen.yml mean. It holds the table of keys (driver.go, chef.go and the files
// beside them, put together in schema.go), the reader of each value, and what is done with them: Resolve makes typed
// instances of the blocks that package kitchen cut out of the files; Lint and Diagnose tell of them.
//
// Resolve decodes each block once: decode_block.go looks each key up in the table, and the binding (schema_fields.go)
// parses the value into its field of config.Instance; derive.go fills in what follows from others. What is wrong is
// reported with file, line and column.
//
// The table and its users are one package. Lint asks the table how a key is spelt and Diagnose what its field shows; in
// a package of their own they would need the table, the bindings and half of the readers exported.
package keys
