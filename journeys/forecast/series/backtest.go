package series

import (
	"math"
	"time"
)

// The shape of a backtest.
const (
	minFolds   = 3
	maxFolds   = 8
	leastWeeks = 4 // that the first origin has behind it
)

// Backtest is how a method did in the past, over all folds. It is a little too good, for the method was chosen by it.
type Backtest struct {
	Folds int       `json:"folds"` // moments of the past from which the same horizon was forecast
	Since time.Time `json:"since"` // the first of them
	MAE   float64   `json:"mae"`   // mean absolute error, contacts by slot
	RMSE  float64   `json:"rmse"`  // root of the mean squared error, by which the method is chosen
	Bias  float64   `json:"bias"`  // mean of forecast minus actual
	// MASE is the error in units of that of the seasonal naive method one step ahead in what was known at the origin: below 1
	// is better (R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of
	// Forecasting 22(4), 2006). Absent: the history repeats itself exactly, so that there is no unit.
	MASE *float64 `json:"mase,omitempty"`
	// NaiveMAE is the error of the seasonal naive method in the same folds.
	NaiveMAE float64 `json:"naive_mae"`
	// Coverage is the share of actual counts inside the prediction interval, whose width in each fold comes from the errors of
	// the other folds; Nominal is what it should be.
	Coverage float64 `json:"coverage"`
	Nominal  float64 `json:"nominal"`
}

// fold is one origin: what was forecast from there and what came.
type fold struct {
	origin        int
	means, actual []float64
}

func (f *fold) error() float64 {
	sum := 0.0
	for i, y := range f.actual {
		sum += math.Abs(y - f.means[i])
	}
	return sum / float64(len(f.actual))
}

// squared is the root of the mean squared error.
func (f *fold) squared() float64 {
	sum := 0.0
	for i, y := range f.actual {
		sum += (y - f.means[i]) * (y - f.means[i])
	}
	return math.Sqrt(sum / float64(len(f.actual)))
}

// Needs is how many slots of history the horizon takes.
func (in *Input) Needs() int {
	return leastWeeks*in.Grain.week() + in.Horizon + (minFolds-1)*in.step(0)
}

// step is how far folds are apart, with n slots of history: a horizon, so that none looks at what another did; a week at most
// where the history is too short for that.
func (in *Input) step(n int) int {
	if n >= leastWeeks*in.Grain.week()+(minFolds+1)*in.Horizon {
		return in.Horizon
	}
	return min(in.Horizon, in.Grain.week())
}

// origins are those of the folds, in order of time.
func (in *Input) origins() []int {
	n := len(in.Counts)
	step := in.step(n)
	var list []int
	for origin := n - in.Horizon; origin >= leastWeeks*in.Grain.week() && len(list) < maxFolds; origin -= step {
		list = append([]int{origin}, list...)
	}
	return list
}

// candidate is a method with what it needs, and how it did.
type candidate struct {
	method Method
	causes []int           // indices of the causes that it looks at
	gains  map[int]float64 // of each cause: the share of the error that it alone saves
	folds  []fold
	mae    float64
	rmse   float64
}

// forecast is what the method says of a horizon as of an origin; model is nil but for regressions.
func (c *candidate) forecast(in *Input, origin, horizon int) (means []float64, model *regression) {
	switch c.method {
	case MethodNaive:
		return seasonal(in, origin, horizon, 1), nil
	case MethodMean:
		return seasonal(in, origin, horizon, leastWeeks), nil
	default:
		model = fit(in, origin, c.causes)
		return model.ahead(horizon), model
	}
}

// seasonal is the mean of the same slot in some weeks before the origin.
func seasonal(in *Input, origin, horizon, weeks int) []float64 {
	means, week := make([]float64, horizon), in.Grain.week()
	for h := range means {
		first := origin + h%week - week
		for k := range weeks {
			means[h] += in.Counts[first-k*week] / float64(weeks)
		}
	}
	return means
}

// test forecasts from each origin.
func (c *candidate) test(in *Input, origins []int) *candidate {
	for _, origin := range origins {
		f := fold{origin: origin, actual: in.Counts[origin : origin+in.Horizon]}
		f.means, _ = c.forecast(in, origin, in.Horizon)
		c.folds = append(c.folds, f)
		c.mae += f.error() / float64(len(origins))
		c.rmse += f.squared() * f.squared() / float64(len(origins))
	}
	c.rmse = math.Sqrt(c.rmse)
	return c
}

// better says whether c is enough better than another to be preferred, in all and in at least half of the folds. Squared errors
// decide, for they are least at the mean, which staffing needs; absolute ones are least at the median, which is 0 where contacts
// are rare (T. Gneiting, "Making and evaluating point forecasts", Journal of the American Statistical Association 106, 2011).
func (c *candidate) better(than *candidate) bool {
	wins := 0
	for i := range c.folds {
		if c.folds[i].squared() <= than.folds[i].squared() {
			wins++
		}
	}
	return c.rmse < (1-Margin)*than.rmse && 2*wins >= len(c.folds)
}
