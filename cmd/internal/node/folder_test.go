package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolderIsHeldByOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := openFolder(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openFolder(dir, ""); !errors.Is(err, ErrFolderInUse) {
		t.Errorf("a second opening gives %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := openFolder(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if !bytes.Equal(first.key, second.key) || len(first.key) != keyBytes {
		t.Error("the identity key did not stay")
	}
}

// TestLockOfADyingProcessIsWaitedFor: who holds the lock lets go while the next one asks.
func TestLockOfADyingProcessIsWaitedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := openFolder(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		second, err := openFolder(dir, "")
		if err == nil {
			err = second.Close()
		}
		opened <- err
	}()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Errorf("the folder was given up, and opening it gives %v", err)
	}
}

func TestIdentityKeyIsNeverMadeAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state", "CURRENT"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openFolder(dir, ""); err == nil || !strings.Contains(err.Error(), "restore") {
		t.Errorf("a state without its key gives %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "identity.key"), []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openFolder(dir, ""); err == nil || !strings.Contains(err.Error(), "hex") {
		t.Errorf("a damaged key gives %v", err)
	}
}
