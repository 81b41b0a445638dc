//go:build race

package crashtest

// Under the race detector the program is built with it too.
var buildFlags, buildEnv = []string{"-race"}, []string{}
