// Package text makes foreign text safe to show, and writes durations and sections for people: what the reports share of
// the form of text.
package text
