package crashtest

import (
	"testing"
	"time"
)

// TestDrainOnSIGTERM stops the program under load, in order, and starts it again, twice: it ends
// with status 0, nothing acknowledged is lost, and the next start works at once.
func TestDrainOnSIGTERM(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	stop := tr.start(t)
	for range 2 {
		time.Sleep(700 * time.Millisecond)
		p.stop()
		p.start()
		p.awaitReady()
	}
	stop()
	checkCounts(t, p, tr)
	p.stop()
}
