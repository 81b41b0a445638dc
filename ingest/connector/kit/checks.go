package kit

import (
	"context"
	"slices"
)

// checks is all of them, causes before what follows from them.
func (s *suite) checks() []check {
	return slices.Concat(
		[]check{{name: "subject", proves: "The connector and its fixtures are complete enough to be checked.", run: subjectComplete}},
		settingsChecks(),
		signatureChecks(),
		decodingChecks(),
		changeChecks(),
		pullChecks(),
		faultChecks(),
		resumeChecks(),
		recordChecks(),
		vocabularyChecks(),
	)
}

func subjectComplete(_ context.Context, s *suite, f *findings) {
	for _, fault := range s.faults {
		f.add(fault.Fixture, fault.Do, "%s", fault.What)
	}
}
