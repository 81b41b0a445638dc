package match

import (
	"errors"
	"fmt"
)

// The defaults of Options.
const (
	DefaultMergePrecision  = 0.9
	DefaultReviewPrecision = 0.5
	DefaultCached          = 20_000
)

// Options are what a workspace decides. The zero value is usable.
type Options struct {
	// MergePrecision is the estimated precision at and above which groups merge by themselves.
	MergePrecision float64
	// ReviewPrecision is the estimated precision at and above which a person is asked.
	ReviewPrecision float64
	// Cached is how many observations a Linker remembers as they are compared, at some 3 kB each.
	Cached int
}

// Validate reports every fault.
func (o Options) Validate() error {
	var faults []error
	if o.MergePrecision < 0 || o.MergePrecision >= 1 {
		faults = append(faults, fmt.Errorf("merge_precision: %v is not between 0 and 1", o.MergePrecision))
	}
	if o.ReviewPrecision < 0 || o.ReviewPrecision >= 1 {
		faults = append(faults, fmt.Errorf("review_precision: %v is not between 0 and 1", o.ReviewPrecision))
	}
	if o.Cached < 0 {
		faults = append(faults, errors.New("cached: is negative"))
	}
	return errors.Join(faults...)
}

func (o Options) withDefaults() Options {
	if o.MergePrecision == 0 {
		o.MergePrecision = DefaultMergePrecision
	}
	if o.ReviewPrecision == 0 {
		o.ReviewPrecision = DefaultReviewPrecision
	}
	if o.Cached == 0 {
		o.Cached = DefaultCached
	}
	return o
}
