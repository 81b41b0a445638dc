package export

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/analysis"
	"tributary/profiles/consent"
	"tributary/profiles/privacy"
	"tributary/sql/store"
)

// received are the columns of an event that are JSON as it was received.
var received = []string{"subject", "traits", "properties", "context"}

// made are those that are made of the others, or of nobody's interest: keys to find by, and the workspace.
var made = []string{"workspace", "identifiers", "client", "query", "query_left_out", "participants", "log_partition", "log_offset", "ordinal"}

// events writes every event as it was received. Of others who took part only the role is told, so that the members
// named participants of its JSON are left out.
func (g *gathering) events(l *lines) error {
	return g.inTurn(func(ids []identity.ObservationID) error {
		for row, err := range g.archive.events.Each(g.ctx, g.about(ids)) {
			if err != nil {
				return err
			}
			if err := g.event(l, &row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *gathering) event(l *lines, row *store.EventRow) error {
	members := slices.DeleteFunc(membersOf(reflect.ValueOf(row)), func(m member) bool { return slices.Contains(made, m.name) })
	for i, m := range members {
		if text, ok := m.value.(string); ok && slices.Contains(received, m.name) {
			members[i].value = raw(withoutOthers([]byte(text)))
		}
	}
	others, err := g.participants(row.Source, row.Participants)
	if err != nil {
		return err
	}
	return l.write(append(members, member{"participants", others}))
}

// participant is one who took part. Identifier is there if it is the subject's.
type participant struct {
	Role       string            `json:"role"`
	Identifier *event.Identifier `json:"identifier"`
}

func (g *gathering) participants(source, text string) ([]participant, error) {
	if text == "" {
		return nil, nil
	}
	var all []event.Participant
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("read participants: %w", store.ErrInvalid)
	}
	list := make([]participant, len(all))
	for i, p := range all {
		list[i].Role = p.Role
		id, dropped := g.Engine.Normalise(identity.Place{Workspace: g.record.Workspace, Source: source}, identity.Identifier(p.Identifier))
		if dropped == "" && g.identifiers[id] {
			list[i].Identifier = &all[i].Identifier
		}
	}
	return list, nil
}

// participations writes in which events of others the subject took part: that it did, and nothing of them.
func (g *gathering) participations(l *lines) error {
	params := store.Params{"workspace": g.record.Workspace, "at": g.at.UnixMilli()}
	for row, err := range g.archive.participations.Each(g.ctx, params) {
		if err != nil {
			return err
		}
		if g.observations[row.Observation] {
			continue
		}
		all, err := g.participants(row.Source, row.Participants)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Identifier == nil {
				continue
			}
			err := l.write([]member{
				{"source", row.Source}, {"type", row.Type}, {"name", row.Name}, {"channel", row.Channel},
				{"at", row.At}, {"received_at", row.ReceivedAt}, {"role", p.Role}, {"identifier", p.Identifier},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *gathering) facts(l *lines) error {
	return g.inTurn(func(ids []identity.ObservationID) error {
		for row, err := range g.archive.facts.Each(g.ctx, g.about(ids)) {
			if err != nil {
				return err
			}
			body := raw(row.Body)
			row.Body = ""
			if err := l.add(row, member{"body", body}); err != nil {
				return err
			}
		}
		return nil
	})
}

// decisions writes why the observations are where they are. Others are counted, not named.
func (g *gathering) decisions(l *lines) error {
	return g.inTurn(func(ids []identity.ObservationID) error {
		for row, err := range g.archive.decisions.Each(g.ctx, g.about(ids)) {
			if err != nil {
				return err
			}
			others := 0
			for _, id := range row.Candidates {
				if !g.observations[id] {
					others++
				}
			}
			row.Candidates = slices.DeleteFunc(row.Candidates, func(id uuid.UUID) bool { return !g.observations[id] })
			row.Peer, row.Profile, row.PreviousProfile = g.ownID(row.Peer), g.ownID(row.Profile), g.ownID(row.PreviousProfile)
			if err := l.add(row, member{"other_candidates", others}); err != nil {
				return err
			}
		}
		return nil
	})
}

// consent writes what was said by the subject, or about its contact points.
func (g *gathering) consent(l *lines) error {
	var contacts []string
	for _, i := range g.subject.Identifiers {
		if consent.IsContactType(i.Type) {
			contacts = append(contacts, i.Type+":"+i.Value)
		}
	}
	params := store.Params{"workspace": g.record.Workspace, "observations": g.subject.Observations, "contacts": append([]string{}, contacts...)}
	for row, err := range g.archive.consent.Each(g.ctx, params) {
		if err != nil {
			return err
		}
		if !slices.Contains(contacts, row.OriginContactType+":"+row.OriginContact) {
			row.OriginContactType, row.OriginContact = "", ""
		}
		row.Observation, row.OriginObservation = g.ownID(row.Observation), g.ownID(row.OriginObservation)
		if err := l.add(row); err != nil {
			return err
		}
	}
	return nil
}

// disclosures writes the report of disclosures as the subject may be shown it.
func (g *gathering) disclosures(l *lines) error {
	params := store.Params{"workspace": g.record.Workspace, "observation_keys": keysOf(g.subject.Observations)}
	for row, err := range g.archive.disclosures.Each(g.ctx, params) {
		if err != nil {
			return err
		}
		if err := l.add(row); err != nil {
			return err
		}
	}
	return nil
}

// textsAtOnce is how many texts the engine looks for at once at most.
const textsAtOnce = 200

// commands writes what was decided about the subject, each command once.
func (g *gathering) commands(l *lines) error {
	type place struct {
		partition uint32
		offset    uint64
		ordinal   uint32
	}
	written := map[place]bool{}
	for texts := range slices.Chunk(g.needles(), textsAtOnce) {
		params := store.Params{"workspace": g.record.Workspace, "at": g.at.UnixMilli(), "texts": texts}
		for row, err := range g.archive.commands.Each(g.ctx, params) {
			if err != nil {
				return err
			}
			at := place{row.LogPartition, row.LogOffset, row.Ordinal}
			if written[at] {
				continue
			}
			written[at] = true
			err := l.write([]member{{"received_at", row.ReceivedAt}, {"command", g.onlyOwn(row.Body)}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// needles are the texts by which a command names the subject.
func (g *gathering) needles() []string {
	var texts []string
	for _, o := range g.subject.Observations {
		texts = append(texts, o.String())
	}
	for _, i := range g.subject.Identifiers {
		quoted, _ := json.Marshal(i.Value) // of a string, never fails
		texts = append(texts, string(quoted))
	}
	return texts
}

// onlyOwn is a command without the ids and hashes of others that it names.
func (g *gathering) onlyOwn(body string) raw {
	var v map[string]any
	if json.Unmarshal([]byte(body), &v) != nil {
		return ""
	}
	delete(v, "with") // an event put in the place of a quarantined one is among the events, or the quarantine
	text, err := json.Marshal(g.own(v))
	if err != nil {
		return ""
	}
	return raw(text)
}

// own leaves out what is another's: ids, what stands under one, and entries of lists that name one. Nil: nothing is
// left.
func (g *gathering) own(v any) any {
	switch v := v.(type) {
	case map[string]any:
		left := map[string]any{}
		for name, x := range v {
			if x = g.own(x); x != nil && !g.foreign(name) {
				left[name] = x
			}
		}
		return left
	case []any:
		left := []any{}
		for _, x := range v {
			if entry, ok := x.(map[string]any); ok && g.ofAnother(entry) {
				continue
			}
			if x = g.own(x); x != nil {
				left = append(left, x)
			}
		}
		return left
	case string:
		if g.foreign(v) {
			return nil
		}
	}
	return v
}

// foreign says whether a text is an id that is not one of the subject's observations. A hash has the form of an id.
func (g *gathering) foreign(text string) bool {
	id, err := uuid.Parse(text)
	return err == nil && !g.observations[id]
}

// ofAnother says whether an entry of a list names another, and not the subject.
func (g *gathering) ofAnother(entry map[string]any) bool {
	another := false
	for _, x := range entry {
		text, _ := x.(string)
		if id, err := uuid.Parse(text); err == nil {
			if g.observations[id] {
				return false
			}
			another = true
		}
	}
	return another
}

func (g *gathering) sheet() (*analysis.Sheet, error) {
	members := make([]identity.ObservationID, len(g.answer.Profile.Observations))
	for i := range g.answer.Profile.Observations {
		members[i] = g.answer.Profile.Observations[i].ID
	}
	return g.Sheets.Sheet(g.record.Workspace, g.answer.Profile.ID, members)
}

// names says whether a text names the subject by an identifier that is theirs alone.
func (g *gathering) names(at identity.Place, text []byte) bool {
	return g.Hasher.Mentions(g.Engine, at, text, func(h privacy.IdentifierHash) bool { return g.hashes[h] })
}
