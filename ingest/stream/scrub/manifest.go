package scrub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

const manifestPrefix = "MANIFEST-"

// renewManifest makes Pebble begin a manifest, and removes those before it. Pebble begins one when those
// tables that came and went since the last are more than there are tables; the flush of a single key counts
// as one of them. It would keep the manifest before for people who look for the cause of a fault.
func (s *Scrubber) renewManifest(ctx context.Context, db *pebble.DB) error {
	before, err := s.manifests()
	if err != nil {
		return err
	}
	renewed := func() (bool, error) {
		now, err := s.manifests()
		return err == nil && !slices.Contains(before, now[len(now)-1]), err
	}
	for {
		done, err := renewed()
		if err != nil {
			return err
		}
		if done {
			break
		}
		if err := errors.Join(ctx.Err(), s.stir(db)); err != nil {
			return err
		}
	}
	for _, name := range before {
		if err := s.fs.Remove(s.fs.PathJoin(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an old manifest: %w", err)
		}
	}
	return nil
}

// manifests lists the manifests, the one in use last. Its name stands at the end of the marker's, which
// Pebble moves once the manifest is synced.
func (s *Scrubber) manifests() ([]string, error) {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return nil, err
	}
	var all []string
	inUse, newest := "", ""
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, manifestPrefix):
			all = append(all, name)
		case strings.HasPrefix(name, "marker.manifest."):
			if number, target, ok := strings.Cut(strings.TrimPrefix(name, "marker.manifest."), "."); ok && number > newest {
				newest, inUse = number, target
			}
		}
	}
	at := slices.Index(all, inUse)
	if at < 0 {
		return nil, fmt.Errorf("%s names no manifest that is in use", s.dir)
	}
	return append(slices.Delete(all, at, at+1), inUse), nil
}
