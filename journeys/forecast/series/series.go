// Package series forecasts counts by hour or day, says how wrong its forecasts were in the past, and which of several methods
// was least wrong.
//
// The methods, from the simplest:
//
//   - seasonal naive: what was a week before.
//   - seasonal mean: the mean of the same slot in the last four weeks. For call centres it is hard to beat beyond a few days:
//     J. W. Taylor, "A comparison of univariate time series methods for forecasting intraday arrivals at a call center",
//     Management Science 54(2), 2008.
//   - regression: Poisson counts with seasonal effects that multiply (day of week, hour and their interaction; yearly where
//     there are two years), holidays, a damped trend, and old days counting less; R. Ibrahim, H. Ye, P. L'Ecuyer and H. Shen,
//     "Modeling and forecasting call center arrivals: a literature survey", International Journal of Forecasting 32(3), 2016.
//   - regression with causes: with lagged counts of what happened upstream, of those causes alone that made it better.
//
// They are judged by rolling origin: L. J. Tashman, "Out-of-sample tests of forecasting accuracy", International Journal of
// Forecasting 16(4), 2000. Each forecasts what came after several moments of the past from what was known at that moment.
package series

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Method is a way to forecast.
type Method string

// The methods, from the simplest. A later one has to be better than those before by Margin.
const (
	MethodNaive      Method = "seasonal_naive"
	MethodMean       Method = "seasonal_mean"
	MethodRegression Method = "regression"
	MethodCauses     Method = "regression_with_causes"
)

// Margin is by how large a share of the error a method must be better to be preferred to a simpler one, and a cause to be kept;
// see surely for the other condition of causes.
const Margin = 0.01

// Input is a history of counts and what is known about it.
type Input struct {
	Grain    Grain
	Calendar Calendar
	Start    time.Time // of the first slot, in the calendar's zone
	Counts   []float64 // by slot, without gaps; not negative
	Causes   []Cause
	Horizon  int     // slots to forecast, from the end of Counts on
	Level    float64 // that prediction intervals are to cover, such as 0.9
}

// Cause is a series of counts upstream that may raise the volume later.
type Cause struct {
	Name   string
	Counts []float64 // by slot, as long as Input.Counts
	// Planned are counts of slots of the horizon that are known in advance, by index from its first.
	Planned map[int]float64
	// Monthly says that it comes by the calendar, as billing runs do: what is not known yet is taken to be what was a month
	// before. Of all others it is taken to be their mean in the last four weeks.
	Monthly bool
}

// Forecast is what comes, and how far to trust it.
type Forecast struct {
	Method   Method    `json:"method"`
	Points   []Point   `json:"points"`
	Backtest Backtest  `json:"backtest"`
	Methods  []Tried   `json:"methods"`
	Causes   []Effect  `json:"causes"`
	Slots    int       `json:"history_slots"`
	Contacts float64   `json:"history_contacts"`
	Since    time.Time `json:"history_since"`
	// Dispersion is α of the variance μ + αμ² of what comes around its mean μ; 0: pure chance (Poisson).
	Dispersion float64 `json:"dispersion"`
	// Unseen: days of the horizon are holidays, and the history holds none; they are forecast as any day.
	Unseen bool `json:"holidays_unseen,omitempty"`
}

// Point is the forecast of a slot: the mean, and the ends of the prediction interval, both inside it.
type Point struct {
	At    time.Time `json:"at"`
	Mean  float64   `json:"mean"`
	Lower float64   `json:"lower"`
	Upper float64   `json:"upper"`
}

// Tried is how well a method did.
type Tried struct {
	Method Method  `json:"method"`
	MAE    float64 `json:"mae"`
	RMSE   float64 `json:"rmse"`
}

// Effect says what the largest count of a cause in the history does, by lag: Factor 1.5 means half as many contacts again.
// It is what goes with it in the history, which need not be what it causes.
type Effect struct {
	Cause  string  `json:"cause"`
	Lag    string  `json:"lag"`
	Factor float64 `json:"factor_at_largest"`
	// Gain is the share by which the cause alone lowers the regression's root mean squared error.
	Gain float64 `json:"gain"`
}

// ShortError says that a history is too short, or too empty, to forecast from and to say how good that is.
type ShortError struct {
	Have, Need        int     // slots
	Contacts, AtLeast float64 // in the history
	Grain             Grain
}

// Error implements error.
func (e *ShortError) Error() string {
	if e.Have < e.Need {
		return fmt.Sprintf("too little history: %d %ss of the %d that this horizon and its backtest need", e.Have, e.Grain, e.Need)
	}
	return fmt.Sprintf("too few contacts: %.0f in the history, %.0f are needed", e.Contacts, e.AtLeast)
}

// MinContacts is how many a history must hold.
const MinContacts = 50

// ErrInput is wrapped by the errors of an Input that is not as its fields say.
var ErrInput = errors.New("series: not a history of counts")

func (in *Input) check() error {
	if in.Horizon < 1 || !(in.Level > 0 && in.Level < 1) || in.Calendar.Zone == nil || in.Grain.week() == 0 {
		return fmt.Errorf("%w: needs a grain, a zone, a horizon and a level", ErrInput)
	}
	all := [][]float64{in.Counts}
	for i := range in.Causes {
		if len(in.Causes[i].Counts) != len(in.Counts) {
			return fmt.Errorf("%w: causes[%d] has another length", ErrInput, i)
		}
		all = append(all, in.Causes[i].Counts)
	}
	for _, counts := range all {
		for _, y := range counts {
			if !(y >= 0) || math.IsInf(y, 1) {
				return fmt.Errorf("%w: holds what is no count", ErrInput)
			}
		}
	}
	return in.short()
}

// short says whether there is too little history.
func (in *Input) short() error {
	e := &ShortError{Have: len(in.Counts), Need: in.Needs(), AtLeast: MinContacts, Grain: in.Grain}
	for _, y := range in.Counts {
		e.Contacts += y
	}
	if e.Have < e.Need || e.Contacts < e.AtLeast {
		return e
	}
	return nil
}

// Make forecasts. It fails with a *ShortError where the history does not suffice, or with ErrInput.
func Make(in Input) (*Forecast, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	f := &Forecast{Slots: len(in.Counts), Since: in.Start, Points: make([]Point, in.Horizon), Causes: []Effect{}}
	for _, y := range in.Counts {
		f.Contacts += y
	}
	chosen := in.choose(f)
	f.Method, f.Backtest = chosen.method, chosen.judge(&in, f.Methods[0].MAE)
	f.Dispersion = dispersion(chosen.folds, -1)
	means, model := chosen.forecast(&in, len(in.Counts), in.Horizon)
	for i := range f.Points {
		d := Counted{Mean: means[i], Dispersion: f.Dispersion}
		f.Points[i] = Point{
			At: in.slot(len(in.Counts) + i), Mean: means[i],
			Lower: d.Quantile((1 - in.Level) / 2), Upper: d.Quantile((1 + in.Level) / 2),
		}
	}
	if model != nil {
		f.Causes = append(f.Causes, model.effects(chosen)...)
	}
	f.Unseen = in.unseenHolidays()
	return f, nil
}
