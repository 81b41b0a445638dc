package chdb_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

func TestOneEnginePerProcess(t *testing.T) {
	chdbtest.Engine(t)
	if _, err := chdb.Open(chdb.Config{Path: t.TempDir()}); !errors.Is(err, chdb.ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
}

func TestConfigFaultsAreAllReported(t *testing.T) {
	err := chdb.Config{Path: "relative", Pools: map[string]chdb.Pool{
		"a": {Sessions: -1}, "b": {Settings: map[string]string{"x=1 --y": "1"}},
	}}.Validate()
	for _, path := range []string{"path:", "pools.a.sessions:", "pools.b.settings:"} {
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name %s", err, path)
		}
	}
	if err := (chdb.Config{Path: "/x"}).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestLibraryFaultSaysWhatToRun(t *testing.T) {
	dir := t.TempDir()
	notALibrary := filepath.Join(dir, "libchdb.so")
	if err := os.WriteFile(notALibrary, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"no such file":  filepath.Join(dir, "missing.so"),
		"empty folder":  t.TempDir(),
		"not a library": notALibrary,
		"its folder":    dir,
		"other library": libc(t),
	} {
		err := chdb.CheckLibrary(path)
		if !errors.Is(err, chdb.ErrLibrary) || !strings.Contains(err.Error(), "make engine") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	t.Setenv(chdb.LibraryEnv, filepath.Join(dir, "nowhere"))
	if err := chdb.CheckLibrary(""); !errors.Is(err, chdb.ErrLibrary) || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("environment: got %v", err)
	}
	t.Setenv(chdb.LibraryEnv, "")
	if err := chdb.CheckLibrary(""); err != nil {
		t.Errorf("found by looking around: %v", err)
	}
}

// libc finds a shared library that is not the engine.
func libc(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/lib/*/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libSystem.B.dylib"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Log("found no other library")
	return "/nonexistent"
}
