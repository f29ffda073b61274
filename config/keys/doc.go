// Package keys says what the keys of kitchen.yml mean. It holds the table of keys (schema.go), the readers of values,
// and what is done with them: Resolve makes typed instances of the blocks that package kitchen cut out of the files;
// Lint and Diagnose tell of them.
//
// A key that fills a field of config.Instance is a tag of that field, which schema_fields.go reads. Those that fill no
// field of their own are rows of schema_fieldless.go, driver.go, provisioner.go and verifier.go. schema_readers.go
// names the reader of each form of value.
//
// Resolve decodes each block once: decode_block.go looks each key up in the table, whose reader parses the value into
// its field; derive.go fills in what follows from others. What is wrong is reported with file, line and column.
//
// The table and its users are one package. Lint asks the table how a key is spelt and Diagnose what its field shows; in
// a package of their own they would need the table and half of the readers exported.
package keys
