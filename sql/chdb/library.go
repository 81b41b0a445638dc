package chdb

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"tributary/sql/chdb/internal/libchdb"
)

// LibraryEnv names the library's file or folder when the configuration does not.
const LibraryEnv = "TRIBUTARY_CHDB_LIB"

const libraryHelp = "run `make engine` (which runs npm ci), or name the file in the configuration or in " + LibraryEnv

// loadLibrary finds and opens libchdb. A place that was named is the only one looked at.
func loadLibrary(configured string) (*libchdb.Library, error) {
	path, err := findLibrary(configured)
	if err != nil {
		return nil, err
	}
	lib, err := libchdb.Load(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w; %s", ErrLibrary, err, libraryHelp)
	}
	return lib, nil
}

func findLibrary(configured string) (string, error) {
	for _, named := range []string{configured, os.Getenv(LibraryEnv)} {
		if named == "" {
			continue
		}
		if path, ok := libraryAt(named); ok {
			return path, nil
		}
		return "", fmt.Errorf("%w: there is none at %s; %s", ErrLibrary, named, libraryHelp)
	}
	for _, dir := range libraryFolders() {
		if path, ok := libraryAt(dir); ok {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: found neither beside the program nor in node_modules (for %s/%s); %s",
		ErrLibrary, runtime.GOOS, runtime.GOARCH, libraryHelp)
}

// libraryAt takes a file, or a folder that holds the library under its usual name.
func libraryAt(path string) (string, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if info.IsDir() {
		path = filepath.Join(path, "libchdb.so")
		if info, err = os.Stat(path); err != nil || info.IsDir() {
			return "", false
		}
	}
	absolute, err := filepath.Abs(path)
	return absolute, err == nil
}

// libraryFolders lists the executable's folder, then node_modules up the tree from the working
// folder and from the executable.
func libraryFolders() []string {
	var folders, starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if exe, err := os.Executable(); err == nil {
		if resolved, err := filepath.EvalSymlinks(exe); err == nil {
			exe = resolved
		}
		folders = append(folders, filepath.Dir(exe))
		starts = append(starts, filepath.Dir(exe))
	}
	for _, dir := range starts {
		for {
			folders = append(folders, filepath.Join(dir, "node_modules", "@chdb", npmPackage()))
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return folders
}

// npmPackage is the package that holds the library for this machine.
func npmPackage() string {
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	if runtime.GOOS == "linux" {
		return "lib-linux-" + arch + "-gnu"
	}
	return "lib-" + runtime.GOOS + "-" + arch
}

// CheckLibrary reports, as Open would, whether the library can be found and used.
func CheckLibrary(configured string) error {
	_, err := loadLibrary(configured)
	return err
}
