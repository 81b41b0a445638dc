//go:build !race

package crashtest

var buildFlags, buildEnv = []string{}, []string{"CGO_ENABLED=0"}
