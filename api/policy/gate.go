package policy

import (
	"reflect"
	"time"
)

// Gate says whether the reader may read values of a class as they are, and since when: those of before are
// withheld for their age, if the time is not zero. Where the reader may not, why says so. What is found by
// asking for words of it is to be behind this gate, for Apply alone would tell how much there was to withhold.
func (r *Reader) Gate(class string) (since time.Time, why *Withheld) {
	w := newWalker(r)
	do, because, needs := w.verdict(class, time.Time{}, false)
	if do == Show && !w.agreed(class, reflect.ValueOf("")) {
		do, because = Withhold, BecauseConsent
	}
	if do != Show {
		return since, &Withheld{Class: class, Because: because, Needs: needs, Count: 1}
	}
	if age := w.rules[class].MaxAge; age > 0 {
		since = r.Now.Add(-age)
	}
	return since, nil
}
