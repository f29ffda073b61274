// Command chef-client stands in for Chef Infra Client in the tests' tool images.
//
// It takes the options of the real program that galley passes, reads the same client.rb, dna.json and cookbooks or
// policy, and applies recipes of files and commands, so that a test sees a true convergence without a hundred megabytes
// of Ruby. It is linked statically and runs in any image.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"
)

// version is the release whose behaviour this program follows.
const version = "18.5.0"

func main() {
	os.Exit(run(filepath.Base(os.Args[0]), os.Args[1:], os.Stdout, os.Stderr))
}

// exitError ends the run with a status of its own instead of 1.
type exitError int

func (e exitError) Error() string {
	return fmt.Sprintf("the run was asked to end with status %d", int(e))
}

// run is the whole program; it returns the exit status.
func run(name string, args []string, stdout, stderr io.Writer) int {
	product := "Chef Infra Client"
	if name == "cinc-client" {
		product = "Cinc Client"
	}
	o, err := parseArgs(args)
	switch {
	case err == nil && o.version:
		fmt.Fprintf(stdout, "%s: %s\n", product, version)
	case err == nil:
		err = converge(product, o, stdout)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "[FATAL] %v\n", err)
	var exit exitError
	if errors.As(err, &exit) {
		return int(exit)
	}
	return 1
}

// options is the part of the command line that changes what is done.
type options struct {
	localMode, version          bool
	config, attributes, logfile string
}

// parseArgs reads the command line. Of options given twice the last one holds.
func parseArgs(args []string) (o options, err error) {
	set := pflag.NewFlagSet("chef-client", pflag.ContinueOnError)
	set.Usage = func() {}
	set.BoolVarP(&o.localMode, "local-mode", "z", false, "")
	set.BoolVarP(&o.version, "version", "v", false, "")
	set.StringVarP(&o.config, "config", "c", "", "")
	set.StringVarP(&o.attributes, "json-attributes", "j", "", "")
	set.StringVarP(&o.logfile, "logfile", "L", "", "")
	format := set.StringP("format", "F", "doc", "")
	level := set.StringP("log_level", "l", "auto", "")
	for _, name := range []string{"chef-license", "chef-zero-host", "chef-zero-port"} {
		set.String(name, "", "")
	}
	for _, name := range []string{"color", "no-color", "force-formatter", "profile-ruby", "slow-report"} {
		set.Bool(name, false, "")
	}
	if err := set.Parse(args); err != nil {
		return o, err
	}
	for _, arg := range set.Args() {
		if _, err := strconv.Atoi(arg); err != nil || !set.Changed("slow-report") { // which may have a number
			return o, fmt.Errorf("unexpected argument: %s", arg)
		}
	}
	if !slices.Contains([]string{"doc", "min", "minimal", "null"}, *format) {
		return o, fmt.Errorf("unknown formatter: %s", *format)
	}
	if !slices.Contains([]string{"auto", "trace", "debug", "info", "warn", "error", "fatal"}, *level) {
		return o, fmt.Errorf("unknown log level: %s", *level)
	}
	return o, nil
}
