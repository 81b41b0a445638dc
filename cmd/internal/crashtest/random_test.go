package crashtest

import (
	"testing"
	"time"
)

// TestCrashAtRandomMoments kills the server, or the engine's process alone, again and again while
// the clients send and try again.
func TestCrashAtRandomMoments(t *testing.T) {
	r := newRand(t)
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	stop := tr.start(t)
	engineKills, startKills := 0, 0
	for range *kills {
		time.Sleep(time.Duration(100+r.IntN(1500)) * time.Millisecond)
		if r.IntN(2) == 0 && p.killEngine() {
			engineKills++
			continue
		}
		p.kill()
		p.start()
		if r.IntN(4) == 0 { // it is killed again while it still starts
			startKills++
			continue
		}
		p.awaitReady()
	}
	p.awaitReady()
	time.Sleep(500 * time.Millisecond) // some undisturbed traffic at the end
	stop()
	t.Logf("%d kills: %d of the engine alone, %d soon after a start; %d events acknowledged", *kills, engineKills, startKills, tr.total())
	checkAll(t, p, tr)
}
