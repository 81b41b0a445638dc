package series

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// company is a made history: busy on Mondays, quiet on Sundays, 3 % more each week, with a billing run on the second of each
// month of whose customers many call in the two days after, and an outage now and then.
func company(days int, seed uint64) Input {
	r := rand.New(rand.NewPCG(seed, 7))
	in := Input{
		Grain: Day, Calendar: Calendar{Zone: time.UTC}, Start: time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC), Horizon: 14, Level: .9,
		Counts: make([]float64, days),
	}
	bills := Cause{Name: "invoice.issued", Counts: make([]float64, days), Monthly: true}
	noise := Cause{Name: "order.delayed", Counts: make([]float64, days)}
	week := []float64{.4, 1.5, 1.2, 1.1, 1, 1, .6}
	for i := range days {
		at := in.slot(i)
		mu := 60 * week[at.Weekday()] * math.Pow(1.01, float64(i)/7)
		if at.Day() == 2 {
			bills.Counts[i] = 2000
		}
		for k, times := range []float64{1, 2.5, 1.8} {
			if i >= k && bills.Counts[i-k] > 0 {
				mu *= times
			}
		}
		noise.Counts[i] = distuv.Poisson{Lambda: 5, Src: r}.Rand()
		mu *= distuv.Gamma{Alpha: 50, Beta: 50, Src: r}.Rand()
		in.Counts[i] = distuv.Poisson{Lambda: mu, Src: r}.Rand()
	}
	in.Causes = []Cause{bills, noise}
	return in
}

func TestRegressionFindsWhatMadeTheHistory(t *testing.T) {
	in := company(300, 1)
	f, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	if f.Method != MethodCauses {
		t.Errorf("the method is %s of %+v", f.Method, f.Methods)
	}
	for _, e := range f.Causes {
		if e.Cause != "invoice.issued" {
			t.Errorf("%+v is noise", e)
		}
		if e.Lag == "1 day" && (e.Factor < 1.8 || e.Factor > 3.2) {
			t.Errorf("the day after a billing run has %.2f times the calls, want 2.5", e.Factor)
		}
	}
	if b := f.Backtest; b.MASE == nil || *b.MASE > .8 || b.MAE >= b.NaiveMAE || b.Folds != maxFolds || b.Coverage < .8 {
		t.Errorf("%+v", b)
	}
	if len(f.Points) != 14 || !f.Points[0].At.Equal(in.slot(300)) {
		t.Errorf("%+v", f.Points)
	}
}

// TestIntervalsCover: what came lies in the intervals as often as they say, over many made histories.
func TestIntervalsCover(t *testing.T) {
	inside, claimed, n := 0.0, 0.0, 0.0
	for seed := range uint64(12) {
		whole := company(260, seed)
		known := whole
		known.Counts = whole.Counts[:246]
		known.Causes = nil
		for _, c := range whole.Causes {
			c.Counts = c.Counts[:246]
			known.Causes = append(known.Causes, c)
		}
		f, err := Make(known)
		if err != nil {
			t.Fatal(err)
		}
		claimed += f.Backtest.Coverage / 12
		for i, p := range f.Points {
			if y := whole.Counts[246+i]; y >= p.Lower && y <= p.Upper {
				inside++
			}
			n++
		}
	}
	if share := inside / n; share < .84 || share > .97 || math.Abs(share-claimed) > .08 {
		t.Errorf("%.3f of what came is inside intervals of 0.9; the backtests said %.3f", share, claimed)
	}
}

// TestNothingOfLaterIsUsed: a forecast as of an origin is the same whatever comes after.
func TestNothingOfLaterIsUsed(t *testing.T) {
	in := company(120, 3)
	other := company(120, 3)
	for i := 90; i < 120; i++ {
		other.Counts[i] = 1e4
		for k := range other.Causes {
			other.Causes[k].Counts[i] = 1e4
		}
	}
	for _, m := range []Method{MethodNaive, MethodMean, MethodRegression, MethodCauses} {
		c := candidate{method: m, causes: []int{0, 1}}
		one, _ := c.forecast(&in, 90, 14)
		two, _ := c.forecast(&other, 90, 14)
		if !reflect.DeepEqual(one, two) {
			t.Errorf("%s as of day 90 is %v, and %v after other days came", m, one, two)
		}
	}
}

func TestPlannedCausesAreUsed(t *testing.T) {
	in := company(300, 4)
	usual, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Causes[0].Planned = map[int]float64{3: 2000}
	planned, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	if planned.Points[4].Mean < 1.5*usual.Points[4].Mean {
		t.Errorf("the day after a planned billing run is forecast with %.0f, without it %.0f", planned.Points[4].Mean, usual.Points[4].Mean)
	}
}

func TestTooLittleHistoryIsTold(t *testing.T) {
	in := company(60, 1)
	need := in.Needs()
	if need != 28+14+14 {
		t.Errorf("two weeks ahead need %d days", need)
	}
	in.Counts, in.Causes = in.Counts[:need-1], nil
	var short *ShortError
	if _, err := Make(in); !errors.As(err, &short) || short.Have != need-1 || short.Need != need {
		t.Errorf("a day too few: %v", err)
	}
	in = company(need, 1)
	if f, err := Make(in); err != nil || f.Backtest.Folds != minFolds {
		t.Errorf("just enough: %v", err)
	}
	for i := range in.Counts {
		in.Counts[i] = float64(i % 50 / 49)
	}
	if _, err := Make(in); !errors.As(err, &short) || short.Contacts > short.AtLeast {
		t.Errorf("one contact: %v", err)
	}
	for _, bad := range []func(*Input){
		func(in *Input) { in.Horizon = 0 }, func(in *Input) { in.Level = 1 }, func(in *Input) { in.Grain = "x" },
		func(in *Input) { in.Counts[3] = math.NaN() }, func(in *Input) { in.Causes[0].Counts = nil }, func(in *Input) { in.Calendar.Zone = nil },
	} {
		in := company(100, 1)
		bad(&in)
		if _, err := Make(in); !errors.Is(err, ErrInput) {
			t.Errorf("bad input: %v", err)
		}
	}
}

// TestHoursOfAWeek: a history that repeats itself each week, with nights and Sundays without anybody, goes on so.
func TestHoursOfAWeek(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Grain: Hour, Calendar: Calendar{Zone: zone, Holidays: map[string]bool{"2026-04-22": true}}, Horizon: 72, Level: .8,
		Start: time.Date(2026, 3, 2, 0, 0, 0, 0, zone), Counts: make([]float64, 7*7*24),
	}
	shape := func(at time.Time) float64 {
		if at.Weekday() == time.Sunday || at.Hour() < 8 || at.Hour() >= 18 {
			return 0
		}
		return float64(20 + at.Hour())
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range in.Counts {
		if mu := shape(in.slot(i)); mu > 0 {
			in.Counts[i] = distuv.Poisson{Lambda: mu, Src: r}.Rand()
		}
	}
	f, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Points {
		want := shape(p.At)
		if math.Abs(p.Mean-want) > .25*want+.2 {
			t.Errorf("%v: %.2f by %s, want %.2f", p.At, p.Mean, f.Method, want)
		}
	}
	if !f.Unseen {
		t.Error("the only holiday is ahead, and nobody says so")
	}
}

func TestHolidaysAreLearned(t *testing.T) {
	in := company(200, 5)
	in.Causes = nil
	in.Calendar.Holidays = map[string]bool{in.slot(205).Format(time.DateOnly): true}
	for i := 20; i < 200; i += 30 {
		in.Calendar.Holidays[in.slot(i).Format(time.DateOnly)] = true
		in.Counts[i] = math.Round(in.Counts[i] / 5)
	}
	m := fit(&in, 200, nil)
	with := m.ahead(14)
	delete(in.Calendar.Holidays, in.slot(205).Format(time.DateOnly))
	without := m.ahead(14)
	if share := with[5] / without[5]; share < .12 || share > .35 {
		t.Errorf("a holiday has %.2f of a usual day, want 0.2", share)
	}
}

// TestFitIsTheOptimum: no effect can be moved to make the loss smaller; and forecasts of a scaled history are scaled.
func TestFitIsTheOptimum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := company(rapid.IntRange(40, 200).Draw(t, "days"), rapid.Uint64().Draw(t, "seed"))
		n := len(in.Counts)
		m := &regression{design: newDesign(&in, n, []int{0})}
		m.beta = make([]float64, len(m.design.likely))
		x, w := rows{}, make([]float64, n)
		for i := range n {
			x.terms = m.design.terms(x.terms, i)
			x.ends = append(x.ends, len(x.terms))
			w[i] = m.design.weight(i)
		}
		m.climb(&x, in.Counts, w, 2)
		best := m.loss(&x, in.Counts, w, 2)
		for j := range m.beta {
			for _, by := range []float64{-.01, .01} {
				m.beta[j] += by
				if l := m.loss(&x, in.Counts, w, 2); l < best-1e-4 {
					t.Fatalf("moving effect %d by %v lowers the loss from %v to %v", j, by, best, l)
				}
				m.beta[j] -= by
			}
		}
	})
}

func TestSlotsAndIndices(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		in := Input{Grain: rapid.SampledFrom([]Grain{Hour, Day}).Draw(t, "grain"), Calendar: Calendar{Zone: zone}, Start: time.Date(2025, 1, 1, 0, 0, 0, 0, zone)}
		i := rapid.IntRange(0, 20000).Draw(t, "slot")
		if got := in.index(in.slot(i)); got != i {
			t.Fatalf("slot %d begins at %v, which is in slot %d", i, in.slot(i), got)
		}
	})
	for day, want := range map[string]string{"2026-03-31": "2026-02-28", "2026-03-02": "2026-02-02", "2026-01-31": "2025-12-31"} {
		at, _ := time.Parse(time.DateOnly, day)
		if got := monthBefore(at).Format(time.DateOnly); got != want {
			t.Errorf("a month before %s is %s, want %s", day, got, want)
		}
	}
}

// TestCounted compares with sums of the probabilities themselves.
func TestCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Counted{
			Mean:       rapid.Float64Range(.01, 400).Draw(t, "mean"),
			Dispersion: rapid.OneOf(rapid.Just(0.), rapid.Float64Range(1e-4, 2)).Draw(t, "dispersion"),
		}
		p := rapid.Float64Range(.01, .99).Draw(t, "p")
		sum, k := 0.0, 0
		log := -c.Mean // of the probability of k
		if c.Dispersion > 0 {
			log = -math.Log1p(c.Dispersion*c.Mean) / c.Dispersion
		}
		for ; ; k++ {
			if sum += math.Exp(log); sum >= p {
				break
			}
			if c.Dispersion > 0 {
				r := 1 / c.Dispersion
				log += math.Log((r + float64(k)) / float64(k+1) * c.Mean / (r + c.Mean))
			} else {
				log += math.Log(c.Mean / float64(k+1))
			}
		}
		if got := c.Quantile(p); math.Abs(got-float64(k)) > 0 && math.Abs(sum-p) > 1e-7 && math.Abs(sum-math.Exp(log)-p) > 1e-7 {
			t.Fatalf("the quantile %v is %v, want %d", p, got, k)
		}
	})
	if q := (Counted{Mean: 1e5, Dispersion: .01}).Quantile(.95); math.Abs(q-1e5*(1+1.645*.1)) > 700 {
		t.Errorf("the quantile of a large count is %v", q)
	}
	if q := (Counted{}).Quantile(.9); q != 0 {
		t.Errorf("the quantile of nothing is %v", q)
	}
}

func TestForecastsAreDeterministic(t *testing.T) {
	one, err := Make(company(150, 9))
	two, again := Make(company(150, 9))
	if err != nil || again != nil || !reflect.DeepEqual(one, two) {
		t.Errorf("%v and %v differ (%v, %v)", one, two, err, again)
	}
	if !slices.IsSortedFunc(one.Points, func(a, b Point) int { return a.At.Compare(b.At) }) {
		t.Error("points are not in order")
	}
}

func BenchmarkHours(b *testing.B) {
	in := Input{Grain: Hour, Calendar: Calendar{Zone: time.UTC}, Horizon: 7 * 24, Level: .9, Start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 26 * 7 * 24 {
		in.Counts = append(in.Counts, distuv.Poisson{Lambda: 10 + 5*math.Sin(float64(i%24)), Src: r}.Rand())
	}
	in.Causes = []Cause{{Name: "incident.opened", Counts: make([]float64, len(in.Counts))}}
	for i := 0; i < len(in.Counts); i += 97 {
		in.Causes[0].Counts[i] = 1
	}
	for b.Loop() {
		if _, err := Make(in); err != nil {
			b.Fatal(err)
		}
	}
}
