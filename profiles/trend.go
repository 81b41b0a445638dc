package profiles

import (
	"fmt"

	"tributary/ingest/event"
)

const (
	trendAnswers = 4   // at least, of one survey on one scale
	trendShift   = 0.1 // of the scale: what is less is no change
)

// trend tells whether satisfaction rises or falls: the newer half of the answers to the survey that was answered last
// against the older half, as far as they are kept.
func (t *teller) trend() []Fact {
	if len(t.p.Answers) < trendAnswers {
		return nil
	}
	last := &t.p.Answers[0]
	low, high, ok := event.ParseScale(last.Scale)
	if !ok {
		return nil
	}
	var scores []float64 // newest first
	for i := range t.p.Answers {
		if x := &t.p.Answers[i]; x.Survey == last.Survey && x.SurveyKind == last.SurveyKind && x.Scale == last.Scale && x.Score != nil {
			scores = append(scores, *x.Score)
		}
	}
	half := len(scores) / 2
	if len(scores) < trendAnswers {
		return nil
	}
	now, before := mean(scores[:half]), mean(scores[len(scores)-half:])
	subject, verb := "Satisfaction", "stays about the same"
	if last.Survey == event.SurveyCES {
		subject = "The score of effort"
	}
	switch shift := (high - low) * trendShift; {
	case now-before > shift:
		verb = "rises"
	case before-now > shift:
		verb = "falls"
	}
	text := fmt.Sprintf("%s %s: mean %.1f in the last %s, %.1f in the first %s (%s, scale of %s).",
		subject, verb, now, count(half, "answer"), before, count(half, "answer"), surveyName(last.Survey), number(last.Scale))
	f := t.sum(FactSatisfaction, "trend", text)
	f.At = last.At
	return []Fact{f}
}

func surveyName(s event.Survey) string {
	if name := surveyNames[s]; name != "" {
		return name
	}
	return "survey"
}

func mean(scores []float64) float64 {
	sum := 0.0
	for _, s := range scores {
		sum += s
	}
	return sum / float64(len(scores))
}
