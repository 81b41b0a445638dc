package driver

import (
	"slices"

	"tributary/ingest/event"
	"tributary/journeys/driver/topic"
)

// Group names a number of a report, by what its conversations have in common; what is not given is any.
type Group struct {
	Topic     string `json:"topic,omitempty" policy:"meta"` // one of the taxonomy, or unknown
	By        ToldBy `json:"by,omitempty" policy:"meta"`    // what the topic is told by
	Word      string `json:"word,omitempty" policy:"content"`
	ToldTopic string `json:"told_topic,omitempty" policy:"conversation"` // as the source names it
	Step      string `json:"step,omitempty" policy:"behaviour"`          // a kind of event that it has
	// HandleAboveS is how many seconds of handle time it has more than: above_s of the report, of long ones.
	HandleAboveS float64 `json:"handle_above_s,omitempty" policy:"meta"`
}

// maxNamed bounds each text of a group, in bytes.
const maxNamed = 256

func (g *Group) check(path string, faults *event.Errors) {
	if g.Topic != "" && g.Topic != topic.Unknown && !slices.Contains(topic.Topics(), g.Topic) {
		faults.Add(path+".topic", "must be a topic of the taxonomy, or unknown; GET /v1/journeys/topics lists them")
	}
	if g.By != "" && !slices.Contains(waysToTell, g.By) {
		faults.Add(path+".by", "must be label, source, text or model")
	}
	if g.HandleAboveS < 0 {
		faults.Add(path+".handle_above_s", "must be seconds, 0 or more")
	}
	for _, one := range []struct{ name, text string }{{"word", g.Word}, {"told_topic", g.ToldTopic}, {"step", g.Step}} {
		if len(one.text) > maxNamed {
			faults.Add(path+"."+one.name, "must have 256 bytes at most")
		}
	}
}

// takes says whether a conversation is of the group.
func (g *Group) takes(r *row, v topic.Verdict, by ToldBy) bool {
	switch {
	case g.Topic != "" && g.Topic != v.Topic:
	case g.By != "" && g.By != by:
	case g.Word != "" && (by != ByText || !slices.Contains(v.Words, g.Word)):
	case g.ToldTopic != "" && g.ToldTopic != r.Topic:
	case g.Step != "" && !slices.Contains(r.Steps, g.Step):
	case g.HandleAboveS > 0 && r.HandleS <= g.HandleAboveS:
	default:
		return true
	}
	return false
}
