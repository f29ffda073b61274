// Package config is what a kitchen.yml came to: an Instance is one suite on one platform with typed values. It is all
// that the life cycle, the provisioners and the verifiers know of the configuration; they import nothing below it.
//
// A value's way from the file to the instance: package kitchen finds, renders, parses and merges the files and cuts the
// blocks of an instance; package keys looks each key of a block up in its table and parses the value into its field.
// None of them knows of engines.
package config
