package topic

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// DefaultThreshold is how sure a model must be; below, a text is Unknown.
const DefaultThreshold = 0.5

// Model is a multinomial logistic regression over features that are there or not. It begins with the weights of the lexicon;
// labels move them. It is a function of lexicon and labels, whatever their order, and safe for concurrent use.
type Model struct {
	topics      []string // the last is Unknown
	weights     map[string][]float64
	temperature float64
	Threshold   float64
	Quality     Quality
}

// Quality is how good a model is by its labels, each judged by a model that was not taught with it.
type Quality struct {
	Labels   int     `json:"labels"`
	Accuracy float64 `json:"accuracy"` // share of labels that it finds, Unknown counted as a miss
	// CalibrationError is the mean distance of confidence and accuracy (expected calibration error, ten bins).
	CalibrationError float64 `json:"calibration_error"`
	// Calibrated says whether there were enough labels to set confidence right and to measure it.
	Calibrated bool `json:"calibrated"`
}

// Label says what a text is about.
type Label struct {
	Key   string // by which labels are in order
	Text  string
	Topic string
}

// Verdict is what a text is about, how sure that is, and by which features.
type Verdict struct {
	Topic      string
	Confidence float64  // of Topic; of Unknown: of the best topic, which is below the threshold
	Words      []string // those that spoke for it, the strongest first
}

// learning is by AdaGrad over a few passes (J. Duchi, E. Hazan and Y. Singer, Journal of Machine Learning Research 12, 2011).
// Few, because a short way from the lexicon is what keeps it where labels say nothing (early stopping).
const (
	passes       = 15
	rate         = 0.3
	leastTexts   = 2 // of labels that have a feature which the lexicon has not
	leastLabels  = 50
	calibrations = 5 // folds
	maxWords     = 5
)

var lexicon = must(parse(taxonomy))

func must(entries []entry, err error) []entry {
	if err != nil {
		panic(err) // it is part of the program, and tested
	}
	return entries
}

// Topics lists the topics of the taxonomy, without Unknown.
func Topics() []string {
	names := make([]string, len(lexicon))
	for i := range lexicon {
		names[i] = lexicon[i].Topic
	}
	return names
}

// New returns a model of the lexicon and some labels. Labels of topics that there are none of are left out.
func New(labels []Label) *Model {
	labels = slices.SortedFunc(slices.Values(labels), func(a, b Label) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Text, b.Text))
	})
	m := seeded()
	docs := m.read(labels)
	m.learn(docs)
	m.calibrate(docs)
	return m
}

func seeded() *Model {
	m := &Model{topics: append(Topics(), Unknown), weights: map[string][]float64{}, temperature: 1, Threshold: DefaultThreshold}
	for k, e := range lexicon {
		m.seed(k, e.Weak, weakWeight)
		m.seed(k, e.Strong, strongWeight)
	}
	return m
}

func (m *Model) seed(topic int, words []string, weight float64) {
	for _, word := range words {
		weight := weight
		features := lexical(word)
		if strings.Contains(word, " ") {
			weight *= phrase
		}
		for _, f := range features {
			w := m.of(f)
			w[topic] = math.Max(w[topic], weight/float64(len(features)))
		}
	}
}

// of returns the weights of a feature, by topic.
func (m *Model) of(feature string) []float64 {
	w := m.weights[feature]
	if w == nil {
		w = make([]float64, len(m.topics))
		m.weights[feature] = w
	}
	return w
}

// doc is a label as the model sees it.
type doc struct {
	features []string
	topic    int
}

func (m *Model) read(labels []Label) []doc {
	var docs []doc
	for _, l := range labels {
		if k := slices.Index(m.topics, l.Topic); k >= 0 {
			docs = append(docs, doc{Features(l.Text), k})
		}
	}
	return docs
}

// learn goes over the labels some times. Of features that few of them have nothing is learned.
func (m *Model) learn(docs []doc) {
	seen := map[string]int{}
	for _, d := range docs {
		for _, f := range d.features {
			if seen[f]++; seen[f] >= leastTexts {
				m.of(f)
			}
		}
	}
	steps := map[string][]float64{} // sums of squared gradients
	for range passes {
		for _, d := range docs {
			p := m.probabilities(d.features, 1)
			p[d.topic]--
			for _, f := range d.features {
				w := m.weights[f]
				if w == nil {
					continue
				}
				s := steps[f]
				if s == nil {
					s = make([]float64, len(m.topics))
					steps[f] = s
				}
				for k, g := range p {
					s[k] += g * g
					w[k] -= rate * g / math.Sqrt(s[k]+1e-2)
				}
			}
		}
	}
}

// probabilities are those of each topic, at a temperature.
func (m *Model) probabilities(features []string, temperature float64) []float64 {
	p := make([]float64, len(m.topics))
	p[len(p)-1] = unknownBias
	for _, f := range features {
		for k, w := range m.weights[f] {
			p[k] += w
		}
	}
	greatest, sum := slices.Max(p), 0.0
	for k := range p {
		p[k] = math.Exp((p[k] - greatest) / temperature)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// Judge says what a text is about.
func (m *Model) Judge(text string) Verdict {
	features := Features(text)
	p := m.probabilities(features, m.temperature)
	best := 0
	for k := range p[:len(p)-1] {
		if p[k] > p[best] {
			best = k
		}
	}
	v := Verdict{Topic: m.topics[best], Confidence: p[best]}
	if p[best] < m.Threshold || p[best] < p[len(p)-1] {
		v.Topic = Unknown
		return v
	}
	v.Words = m.words(features, best)
	return v
}

// words are the features that speak most for a topic.
func (m *Model) words(features []string, topic int) []string {
	type reason struct {
		feature string
		weight  float64
	}
	var reasons []reason
	for _, f := range features {
		if w := m.weights[f]; w != nil && w[topic] > .1 {
			reasons = append(reasons, reason{f, w[topic]})
		}
	}
	slices.SortStableFunc(reasons, func(a, b reason) int { return cmp.Compare(b.weight, a.weight) })
	var words []string
	for _, r := range reasons[:min(len(reasons), maxWords)] {
		words = append(words, r.feature)
	}
	return words
}
