package node

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrFolderInUse is returned when another process holds the data folder.
var ErrFolderInUse = errors.New("data folder is in use by another process")

// folder is the data folder, held for this process alone.
type folder struct {
	path string
	lock *os.File
	// key is the identity key: what the ids of observations are computed under.
	key []byte
}

// openFolder makes the folder if need be, locks it, and reads or makes its identity key. A keyFile, if
// given, holds the key instead, and must be there.
func openFolder(path, keyFile string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFolder(absolute, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	key, err := readKey(absolute, keyFile)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &folder{path: absolute, lock: lock, key: key}, nil
}

// lockFolder holds a data folder for this process alone until the file is closed.
func lockFolder(path string, flags int) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, "lock"), flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := flock(lock); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", ErrFolderInUse, path)
		}
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	return lock, nil
}

// lockPatience is how long the lock of a dying process is waited for: a child that it was about to
// start when it was killed has the lock, too, until it runs its own program.
const lockPatience = 2 * time.Second

// flock takes the lock, or fails with EWOULDBLOCK.
func flock(f *os.File) error {
	for deadline := time.Now().Add(lockPatience); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Close gives the folder up; the kernel does the same when the process dies.
func (f *folder) Close() error { return f.lock.Close() }

func readKey(dir, keyFile string) ([]byte, error) {
	if keyFile == "" {
		return identityKey(filepath.Join(dir, "identity.key"))
	}
	if _, err := os.Stat(keyFile); err != nil {
		return nil, fmt.Errorf("identity.key_file: %w; make one with: openssl rand -hex %d", err, keyBytes)
	}
	return identityKey(keyFile)
}

const keyBytes = 32

// identityKey reads the key at path, 64 hex digits, or makes one. A new key is on disk, under its
// final name, before anything is computed under it.
func identityKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != keyBytes {
			return nil, fmt.Errorf("identity key: %s is not %d hex digits; restore it from a backup", path, 2*keyBytes)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read identity key: %w", err)
	}
	if holdsData(filepath.Dir(path)) {
		return nil, fmt.Errorf("identity key: %s is missing but the folder holds data made under it; restore it from a backup", path)
	}
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make identity key: %w", err)
	}
	if err := writeSynced(path, []byte(hex.EncodeToString(key)+"\n")); err != nil {
		return nil, fmt.Errorf("write identity key: %w", err)
	}
	return key, nil
}

// holdsData says whether there is a state, or a log that one was or will be made from: the analytics
// store then may hold ids that another key would not make again.
func holdsData(dir string) bool {
	for _, part := range []string{"state", "log"} {
		if entries, err := os.ReadDir(filepath.Join(dir, part)); err == nil && len(entries) > 0 {
			return true
		}
	}
	return false
}

// writeSynced writes a file whole or not at all, and durably.
func writeSynced(path string, content []byte) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
