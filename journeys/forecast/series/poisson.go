package series

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// regression is a Poisson regression with a logarithmic link, fitted by penalised quasi-likelihood: counts vary more than by
// chance alone, and what was thought likely before weighs accordingly more (P. McCullagh and J. A. Nelder, "Generalized Linear
// Models", 1989, chapters 6 and 9; the penalty as in S. le Cessie and J. C. van Houwelingen, Applied Statistics 41, 1992).
type regression struct {
	design *design
	beta   []float64
}

// The bounds of the fit.
const (
	maxSteps  = 30
	precision = 1e-8 // relative, of the deviance
	maxLog    = 30   // of a mean
)

// rows are the terms of all slots, one behind the other.
type rows struct {
	terms []term
	ends  []int
}

func (r *rows) at(i int) []term {
	if i == 0 {
		return r.terms[:r.ends[0]]
	}
	return r.terms[r.ends[i-1]:r.ends[i]]
}

// fit fits the slots before origin, with some of the causes.
func fit(in *Input, origin int, causes []int) *regression {
	m := &regression{design: newDesign(in, origin, causes)}
	m.beta = make([]float64, len(m.design.likely))
	m.beta[0] = math.Log(math.Max(mean(in.Counts[:origin]), 1e-6))
	x, w := rows{}, make([]float64, origin)
	for i := range origin {
		x.terms = m.design.terms(x.terms, i)
		x.ends = append(x.ends, len(x.terms))
		w[i] = m.design.weight(i)
	}
	y := in.Counts[:origin]
	m.climb(&x, y, w, 1)
	if excess := m.excess(&x, y, w); excess > 1 {
		m.climb(&x, y, w, excess)
	}
	return m
}

func (m *regression) log(terms []term) float64 {
	sum := 0.0
	for _, t := range terms {
		sum += m.beta[t.column] * t.value
	}
	return math.Min(math.Max(sum, -maxLog), maxLog)
}

// loss is half of the penalised deviance, but for a constant.
func (m *regression) loss(x *rows, y, w []float64, excess float64) float64 {
	loss := 0.0
	for i := range y {
		eta := m.log(x.at(i))
		loss += w[i] * (math.Exp(eta) - y[i]*eta) / excess
	}
	for j, likely := range m.design.likely {
		if likely > 0 {
			loss += m.beta[j] * m.beta[j] / (2 * likely * likely)
		}
	}
	return loss
}

// excess is by how much counts vary more than Poisson ones (Pearson's statistic by degrees of freedom).
func (m *regression) excess(x *rows, y, w []float64) float64 {
	sum, n := 0.0, 0.0
	for i := range y {
		mu := math.Exp(m.log(x.at(i)))
		sum += w[i] * (y[i] - mu) * (y[i] - mu) / math.Max(mu, .05)
		n += w[i]
	}
	return sum / n
}

// climb goes to the optimum by Newton's method, which here is iteratively reweighted least squares, halving steps that
// overshoot. The loss is convex, so there is one.
func (m *regression) climb(x *rows, y, w []float64, excess float64) {
	p := len(m.beta)
	before := m.loss(x, y, w, excess)
	for range maxSteps {
		step, ok := m.newton(x, y, w, excess)
		if !ok {
			return
		}
		old := append([]float64(nil), m.beta...)
		size, after := 1.0, 0.0
		for range maxSteps {
			for j := range p {
				m.beta[j] = old[j] + size*step[j]
			}
			if after = m.loss(x, y, w, excess); after <= before {
				break
			}
			size /= 2
		}
		if !(after <= before) {
			copy(m.beta, old)
			return
		}
		if before-after <= precision*(math.Abs(before)+1) {
			return
		}
		before = after
	}
}

// newton returns the step to the optimum of the quadratic that touches the loss.
func (m *regression) newton(x *rows, y, w []float64, excess float64) (step []float64, ok bool) {
	p := len(m.beta)
	hessian, slope := mat.NewSymDense(p, nil), make([]float64, p)
	raw := hessian.RawSymmetric()
	for i := range y {
		terms := x.at(i)
		mu := math.Exp(m.log(terms))
		v, r := w[i]*mu/excess, w[i]*(y[i]-mu)/excess
		for _, a := range terms {
			slope[a.column] += r * a.value
			line := raw.Data[a.column*raw.Stride:]
			for _, b := range terms {
				if b.column >= a.column {
					line[b.column] += v * a.value * b.value
				}
			}
		}
	}
	for j, likely := range m.design.likely {
		line := raw.Data[j*raw.Stride:]
		if likely > 0 {
			line[j] += 1 / (likely * likely)
			slope[j] -= m.beta[j] / (likely * likely)
		}
		line[j] += 1e-9
	}
	var c mat.Cholesky
	if !c.Factorize(hessian) {
		return nil, false
	}
	var solved mat.VecDense
	if err := c.SolveVecTo(&solved, mat.NewVecDense(p, slope)); err != nil {
		return nil, false
	}
	return solved.RawVector().Data, true
}

// ahead are the means of the slots from the origin on.
func (m *regression) ahead(horizon int) []float64 {
	means := make([]float64, horizon)
	for h := range means {
		means[h] = math.Exp(m.log(m.design.terms(nil, m.design.origin+h)))
	}
	return means
}

// effects are those of the causes that it was fitted with.
func (m *regression) effects(of *candidate) []Effect {
	var all []Effect
	lags := m.design.in.Grain.lags()
	for k, c := range m.design.causes {
		for l := range lags {
			name := m.design.in.Causes[c].Name
			all = append(all, Effect{
				Cause: name, Lag: lags[l].name, Factor: math.Exp(m.beta[m.design.cause+k*len(lags)+l]), Gain: of.gains[c],
			})
		}
	}
	return all
}
