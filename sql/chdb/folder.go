package chdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	defaultLockTimeout = 10 * time.Second
	lockPoll           = 25 * time.Millisecond
)

// ErrHeld says, within ErrOpen, that another process has the engine's folder open.
var ErrHeld = errors.New("another process holds the folder")

// waitForFolder waits until no process holds the folder. An engine that was killed a moment ago keeps
// its lock until the kernel is done with it.
func waitForFolder(path string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		held, err := folderHeld(path)
		if err != nil || !held {
			return err
		}
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return ErrHeld
		}
	}
}

// folderHeld tries the lock that the engine takes on its status file, and gives it back.
func folderHeld(path string) (bool, error) {
	file, err := os.OpenFile(filepath.Join(path, "status"), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a lock: %w", err)
	}
	defer file.Close()
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a lock: %w", err)
	}
	return false, nil
}
