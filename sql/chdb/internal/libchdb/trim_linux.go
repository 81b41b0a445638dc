package libchdb

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mapping is a range of this process's memory.
type mapping struct{ start, end uintptr }

// Trim gives back the library's code and constants that loading it and starting the engine touched:
// some 130 MB of relocations and initialisers that are hardly read again. What is needed comes back
// from the page cache.
func (l *Library) Trim() error {
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("trim library: %w", err)
	}
	defer smaps.Close()
	clean, err := cleanMappings(smaps, l.path)
	if err != nil {
		return fmt.Errorf("trim library: %w", err)
	}
	for _, m := range clean {
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("trim library: %w", errno)
		}
	}
	return nil
}

// cleanMappings reads /proc/self/smaps for mappings of the file that are not writable and have no
// page of their own: dropping those loses nothing. Relocated constants are not writable either, but
// their pages differ from the file.
func cleanMappings(smaps io.Reader, path string) ([]mapping, error) {
	var clean []mapping
	var current mapping
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		line := lines.Text()
		if line == "Anonymous:             0 kB" && current.end > 0 {
			clean = append(clean, current)
			current = mapping{}
			continue
		}
		var next mapping
		var perms string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &next.start, &next.end, &perms); err != nil {
			continue
		}
		current = mapping{}
		if strings.HasSuffix(line, " "+path) && !strings.Contains(perms, "w") {
			current = next
		}
	}
	return clean, lines.Err()
}
