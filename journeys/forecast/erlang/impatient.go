package erlang

import (
	"math"
	"sync"
	"time"

	"gonum.org/v1/gonum/integrate/quad"
)

// The precision of the integrals: what is smaller than e^-negligible of the greatest value is left out, and the rest is cut
// into panels of as many points each.
const (
	negligible = 45
	panels     = 12
	points     = 24
)

// impatient is Erlang's A: M/M/n+M.
//
// With rate λ, service μ, giving up θ and H(x) = (1-e^-θx)/θ, the offered wait V has the density λ·exp(λH(x)-nμx)/(E+λJ) on
// x > 0 and the mass E/(E+λJ) at 0, where J is the integral of exp(λH(x)-nμx), and E = 1/B(n-1) (Zeltyn and Mandelbaum 2005,
// section 3). A contact whose offered wait is x is still there with probability e^-θx.
func (q Queue) impatient(s *State, target time.Duration) {
	rate, theta := q.Rate/3600, 1/q.Patience.Seconds()
	n := float64(s.Agents)
	v := newOffered(rate, n/q.Handle.Seconds(), theta)
	t := target.Seconds()

	all := v.sums(0, v.end)
	var soon sums
	if t > 0 {
		soon = v.sums(0, math.Min(t, v.end))
	}
	// Both terms of E+λJ times B(n-1), and by the same scale.
	b, at0 := blocking(s.Agents-1, s.Load), math.Exp(-v.greatest)
	total := at0 + rate*b*all.waiting
	share := rate * b / total
	s.Wait = math.Min(1, share*all.waiting)
	s.Abandoned = share * all.abandoned
	s.Level = math.Min(1, at0/total+share*soon.served)
	s.MeanWait = Seconds(s.Abandoned / theta) // of a queue in which all give up at one rate: E[W] = P(abandon)/θ
	answered := 1 - s.Abandoned
	s.MeanAnswer = Seconds(share * all.waited / (at0/total + share*all.served))
	s.Occupancy = math.Min(1, s.Load*answered/n)
}

// offered is the shape of the offered wait's density: exp(f(x)) with f(x) = λH(x) - nμx, which is concave.
type offered struct {
	rate, serve, theta float64
	mode, greatest     float64 // where f is greatest, and f there
	begin, end         float64 // outside f is more than negligible below
}

func newOffered(rate, serve, theta float64) *offered {
	v := &offered{rate: rate, serve: serve, theta: theta}
	if rate > serve { // f'(x) = λe^-θx - nμ
		v.mode = math.Log(rate/serve) / theta
	}
	v.greatest = v.f(v.mode)
	low := func(x float64) bool { return v.f(x)-v.greatest < -negligible }
	if v.mode > 0 && low(0) {
		v.begin = between(0, v.mode, low)
	}
	step := 1 / serve
	for !low(v.mode + step) {
		step *= 2
	}
	v.end = between(v.mode+step, v.mode, low)
	return v
}

func (v *offered) f(x float64) float64 {
	return -v.rate*math.Expm1(-v.theta*x)/v.theta - v.serve*x
}

// between returns a point near which what holds at one end, and not at the other, begins to hold; on the side where it does.
func between(holds, not float64, what func(float64) bool) float64 {
	for range 60 {
		middle := (holds + not) / 2
		if what(middle) {
			holds = middle
		} else {
			not = middle
		}
	}
	return holds
}

// sums are integrals of e^(f(x)-greatest) times: 1, e^-θx, 1-e^-θx, and x·e^-θx. All are of positive functions, so that
// nothing cancels.
type sums struct{ waiting, served, abandoned, waited float64 }

// gauss are the points and weights of Gauss and Legendre between -1 and 1.
var gauss = sync.OnceValue(func() (g struct{ x, w [points]float64 }) {
	quad.Legendre{}.FixedLocations(g.x[:], g.w[:], -1, 1)
	return g
})

// sums integrates from a to b, in pieces that each have one scale: up to where f is greatest, and up to where nobody has
// patience left.
func (v *offered) sums(a, b float64) (all sums) {
	a = math.Max(a, v.begin)
	for _, cut := range []float64{math.Min(v.mode, negligible/v.theta), math.Max(v.mode, negligible/v.theta), b} {
		if to := math.Min(cut, b); to > a {
			v.add(&all, a, to)
			a = to
		}
	}
	return all
}

func (v *offered) add(all *sums, from, to float64) {
	g, half := gauss(), (to-from)/panels/2
	for i := range panels {
		middle := from + half*float64(2*i+1)
		for j := range g.x {
			x := middle + half*g.x[j]
			w := half * g.w[j] * math.Exp(v.f(x)-v.greatest)
			stays := math.Exp(-v.theta * x)
			all.waiting += w
			all.served += w * stays
			all.abandoned -= w * math.Expm1(-v.theta*x)
			all.waited += w * x * stays
		}
	}
}
