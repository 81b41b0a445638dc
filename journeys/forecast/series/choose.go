package series

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// choose tries all methods and returns the best; f.Methods says how they did.
func (in *Input) choose(f *Forecast) *candidate {
	origins := in.origins()
	var best *candidate
	try := func(c *candidate) *candidate {
		f.Methods = append(f.Methods, Tried{c.method, c.mae, c.rmse})
		if best == nil || c.better(best) {
			best = c
		}
		return c
	}
	try((&candidate{method: MethodNaive}).test(in, origins))
	try((&candidate{method: MethodMean}).test(in, origins))
	plain := try((&candidate{method: MethodRegression}).test(in, origins))
	if c := in.helpful(plain, origins); c != nil {
		try(c)
	}
	return best
}

// helpful is the regression with the causes that each make it better alone, beyond chance; nil: none does.
func (in *Input) helpful(plain *candidate, origins []int) *candidate {
	var one *candidate
	c := &candidate{method: MethodCauses, gains: map[int]float64{}}
	for k := range in.Causes {
		if mean(in.Causes[k].Counts) == 0 {
			continue
		}
		alone := (&candidate{method: MethodCauses, causes: []int{k}}).test(in, origins)
		if alone.rmse < (1-Margin)*plain.rmse && alone.surely(plain) {
			one = alone
			c.causes = append(c.causes, k)
			c.gains[k] = 1 - alone.rmse/plain.rmse
		}
	}
	switch len(c.causes) {
	case 0:
		return nil
	case 1:
		one.gains = c.gains
		return one
	}
	return c.test(in, origins)
}

// chance is how often a cause that does nothing may be kept.
const chance = 0.05

// surely says whether c is better by more than chance has it: a paired t-test over the folds, one-sided. Of many counts
// upstream some go with the volume for no reason.
func (c *candidate) surely(than *candidate) bool {
	saved := make([]float64, len(c.folds))
	for i := range saved {
		saved[i] = than.folds[i].error() - c.folds[i].error()
	}
	mean, sd := stat.MeanStdDev(saved, nil)
	n := float64(len(saved))
	return mean > distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(1-chance)*sd/math.Sqrt(n)
}

// judge says how a method did.
func (c *candidate) judge(in *Input, naive float64) Backtest {
	b := Backtest{Folds: len(c.folds), Since: in.slot(c.folds[0].origin), MAE: c.mae, RMSE: c.rmse, NaiveMAE: naive, Nominal: in.Level}
	inside, n, scaled := 0.0, 0.0, 0.0
	for k := range c.folds {
		f := &c.folds[k]
		spread := dispersion(c.folds, k)
		for i, y := range f.actual {
			d := Counted{f.means[i], spread}
			if y >= d.Quantile((1-in.Level)/2) && y <= d.Quantile((1+in.Level)/2) {
				inside++
			}
			b.Bias += f.means[i] - y
			n++
		}
		scaled += f.error() / in.unit(f.origin) / float64(len(c.folds))
	}
	b.Bias /= n
	b.Coverage = inside / n
	if !math.IsInf(scaled, 0) && !math.IsNaN(scaled) {
		b.MASE = &scaled
	}
	return b
}

// unit is the mean absolute error of the seasonal naive method in what comes before an origin.
func (in *Input) unit(origin int) float64 {
	sum, week := 0.0, in.Grain.week()
	for i := week; i < origin; i++ {
		sum += math.Abs(in.Counts[i] - in.Counts[i-week])
	}
	return sum / float64(origin-week)
}
