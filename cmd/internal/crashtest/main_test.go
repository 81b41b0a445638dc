package crashtest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var (
	kills = flag.Int("kills", 4, "how often the program or its engine is killed at a random moment; the number of chosen system calls follows it, up to all")
	seed  = flag.Uint64("seed", 0, "seed of what is left to chance; 0 takes one from the clock")
)

var binary string

// TestMain builds the program as it is shipped.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tributary")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "tributary")
		build := exec.Command("go", slices.Concat([]string{"build"}, buildFlags, []string{"-o", binary, "tributary/cmd/tributary"})...)
		build.Env = append(os.Environ(), buildEnv...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
			return 1
		}
		library, err := engineLibrary()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		os.Setenv("TRIBUTARY_CHDB_LIB", library)
		return m.Run()
	}())
}

// engineLibrary finds what `make engine` fetched; the built binary lies outside the module.
func engineLibrary() (string, error) {
	found, err := filepath.Glob("../../../node_modules/@chdb/lib-*/libchdb.so")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("the engine's library is not there: run `make engine` (%w)", err)
	}
	return filepath.Abs(found[0])
}

func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", s)
	return rand.New(rand.NewPCG(s, 0))
}
