// Package config turns kitchen.yml into instances: the blocks of suites on platforms, which package kitchen finds as
// Test Kitchen does, are checked against the table of keys and become typed values. It knows nothing of engines.
//
// A value's way from the file to the instance: kitchen.Load finds, renders, parses and merges the files; kitchen cuts
// the blocks of an instance; Resolve decodes each block once (decode_block.go looks each key up in the table); the
// key's binding parses the value into its field (schema_fields.go and the files beside it); derive fills in what
// follows from others. What is wrong is reported with file, line and column.
package config
