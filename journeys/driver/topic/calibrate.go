package topic

import (
	"math"
	"slices"
)

// judged is a label judged by a model that was not taught with it.
type judged struct {
	features []string
	topic    int
	model    *Model
}

// calibrate sets the temperature (C. Guo and others, "On calibration of modern neural networks", ICML 2017) by judging each
// fifth of the labels with a model of the others, and measures how good the model is. Few labels leave it as it is.
func (m *Model) calibrate(docs []doc) {
	m.Quality.Labels = len(docs)
	if len(docs) < leastLabels {
		return
	}
	var all []judged
	for fold := range calibrations {
		other := seeded()
		var taught []doc
		for i, d := range docs {
			if i%calibrations != fold {
				taught = append(taught, d)
			}
		}
		other.learn(taught)
		for i, d := range docs {
			if i%calibrations == fold {
				all = append(all, judged{d.features, d.topic, other})
			}
		}
	}
	m.temperature = temperature(all)
	m.Quality = m.measure(all)
}

// temperature is that with the least loss, looked for between 1/4 and 8: the loss has one minimum in it.
func temperature(all []judged) float64 {
	loss := func(log float64) float64 {
		sum := 0.0
		for _, j := range all {
			sum -= math.Log(math.Max(j.model.probabilities(j.features, math.Exp2(log))[j.topic], 1e-12))
		}
		return sum
	}
	low, high := -2.0, 3.0
	for range 30 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if loss(a) < loss(b) {
			high = b
		} else {
			low = a
		}
	}
	return math.Exp2((low + high) / 2)
}

// measure says how good judgements are.
func (m *Model) measure(all []judged) Quality {
	q := Quality{Labels: len(all), Calibrated: true}
	var confidence, right, n [10]float64
	for _, j := range all {
		p := j.model.probabilities(j.features, m.temperature)
		greatest := slices.Max(p)
		bin := min(9, int(greatest*10))
		n[bin]++
		confidence[bin] += greatest
		if slices.Index(p, greatest) == j.topic {
			right[bin]++
			if greatest >= m.Threshold {
				q.Accuracy++
			}
		}
	}
	for bin := range n {
		q.CalibrationError += math.Abs(confidence[bin]-right[bin]) / float64(len(all))
	}
	q.Accuracy /= float64(len(all))
	return q
}
