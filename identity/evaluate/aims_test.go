package evaluate_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"tributary/identity/evaluate"
)

// sets is where the records with known truth are, beside the repository.
const sets = "../../../shared/data/identity"

// TestFirstAims resolves the data sets record by record, in a shuffled order, with the specs a user
// would write, and holds the outcome against the first aims. A machine without the data cannot run it;
// one that says it is CI must have them.
func TestFirstAims(t *testing.T) {
	for _, set := range []struct {
		name          string
		f1, precision float64
		long          bool
	}{
		{"senzing_truthset", .95, .92, false},
		{"cdp_people_dev", .94, .98, false},
		{"febrl3", .998, .998, false},
		{"historical_50k", .94, .97, true},
	} {
		t.Run(set.name, func(t *testing.T) {
			if set.long && testing.Short() {
				t.Skip("takes half a minute, and minutes under the race detector")
			}
			c := config(t, set.name)
			c.Order, c.Stream = "shuffled:11", true
			report, err := evaluate.Run(c)
			if err != nil {
				t.Fatal(err)
			}
			f := report.Figures
			t.Logf("precision %.4f, recall %.4f, F1 %.4f, largest profile %d", f.Precision, f.Recall, f.F1, report.Largest)
			if f.F1 < set.f1 || f.Precision < set.precision {
				t.Errorf("F1 %.4f and precision %.4f, the aims are %v and %v", f.F1, f.Precision, set.f1, set.precision)
			}
			generations(t, c, report.Groups)
		})
	}
}

// TestOrderOfArrival: the same profiles, whatever the order, whether records come one by one, in batches
// or all at once, and when all are removed and come again.
func TestOrderOfArrival(t *testing.T) {
	for _, name := range []string{"senzing_truthset", "cdp_people_dev"} {
		t.Run(name, func(t *testing.T) {
			c := config(t, name)
			c.Shuffles = 3
			if testing.Short() {
				c.Shuffles = 1
			}
			if report, err := evaluate.Run(c); err != nil || report.Shuffles != c.Shuffles {
				t.Error(report, err)
			}
		})
	}
}

func config(t *testing.T, name string) evaluate.Config {
	t.Helper()
	c := evaluate.Config{
		Records: filepath.Join(sets, name, "records.csv"), Truth: filepath.Join(sets, name, "truth.csv"),
		Spec: filepath.Join("testdata", "specs", name+".yaml"),
	}
	if _, err := os.Stat(c.Records); errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("the data sets are not beside the repository")
	}
	return c
}

var generation = regexp.MustCompile(`(?i)\b(jr|sr)\b`)

// generations fails when somebody's junior and senior are one.
func generations(t *testing.T, c evaluate.Config, groups [][]string) {
	t.Helper()
	spec, err := evaluate.ReadSpec(c.Spec)
	if err != nil {
		t.Fatal(err)
	}
	records, err := evaluate.ReadRecords(c.Records, spec)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, r := range records {
		for _, n := range r.Names {
			if found := generation.FindString(n.Family + " " + n.Suffix + " " + n.Full); found != "" {
				said[r.ID] = string(found[0] | 0x20)
			}
		}
	}
	for _, g := range groups {
		seen := map[string]bool{}
		for _, id := range g {
			if s := said[id]; s != "" {
				seen[s] = true
			}
		}
		if len(seen) > 1 {
			t.Errorf("junior and senior are one: %v", g)
		}
	}
}
