// Package config is what a kitchen.yml came to: an Instance is one suite on one platform with typed values. It is all
// that the life cycle, the provisioners and the verifiers know of the configuration; they import nothing below it.
//
// A value's way from the file to the instance: package kitchen finds, renders, parses and merges the files and cuts the
// blocks of an instance; package keys parses the value of each key into its field. The tags of fields say which keys
// those are; what the tags mean is in schema_fields.go of package keys. None of them knows of engines.
package config
