package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What a run leaves in Config.Dir: the server's folder, and keptFile once the folder holds everything.
const (
	keptData = "data"
	keptFile = "bench.json"
)

// keptRun is what the data was made of.
type keptRun struct {
	Events int `json:"events"`
	People int `json:"people"`
}

// data is the folder of the server that readers are measured on.
func (b *bench) data() string {
	if b.cfg.Dir == "" {
		return b.folder(keptData)
	}
	return filepath.Join(b.cfg.Dir, keptData)
}

// reuse takes over what the data in Config.Dir was made of, if there is any.
func (b *bench) reuse() error {
	if b.cfg.Dir == "" {
		return nil
	}
	if err := os.MkdirAll(b.cfg.Dir, 0o700); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(b.cfg.Dir, keptFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(b.data()); err == nil {
			return fmt.Errorf("dir: %s holds data of a run that did not come to its end: remove it", b.cfg.Dir)
		}
		return nil
	}
	var run keptRun
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	if err != nil {
		return fmt.Errorf("dir: read %s: %w", keptFile, err)
	}
	b.cfg.Events, b.cfg.People, b.kept = run.Events, run.People, true
	return nil
}

// keep says that Config.Dir holds everything.
func (b *bench) keep() error {
	if b.cfg.Dir == "" {
		return nil
	}
	text, err := json.Marshal(keptRun{Events: b.cfg.Events, People: b.cfg.People})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.cfg.Dir, keptFile), text, 0o600)
}
