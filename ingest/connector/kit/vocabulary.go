package kit

import (
	"context"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

func vocabularyChecks() []check {
	after := []string{"webhook/repetition", "pull/all"}
	return []check{
		{name: "names", after: after, run: namesDeclared,
			proves: "Names are of the vocabulary and declared in Makes, or begin with the connector's own; some fixture makes each of Makes."},
		{name: "identifiers", after: after, run: identifiersOfSource,
			proves: "Ids that mean something only at the vendor carry the name of the configured source."},
		{name: "deletion", after: after, run: deletion,
			proves: "A record that the vendor has deleted shows as deleted."},
		{name: "secrets", after: after, run: secretsKept,
			proves: "No secret of the settings stands in an event, a rejected part or a checkpoint."},
	}
}

// sample is a batch with where it is from.
type sample struct {
	file  string
	batch connector.Batch
}

// samples is what all fixtures make, as the source of a name.
func (s *suite) samples(ctx context.Context, name string, f *findings) []sample {
	var all []sample
	if s.Connector.NewWebhook != nil {
		w, err := s.webhookOf(name, nil)
		if err != nil {
			f.add("", "", "the webhook is not made: %v", err)
			return nil
		}
		for _, d := range s.deliveries {
			b, err := decode(w, s.request(d.name, d.body, Now))
			if err != nil {
				f.add(d.file, "", "it is not decoded: %v", err)
				continue
			}
			all = append(all, sample{d.file, b})
		}
	}
	if s.Connector.NewPuller != nil {
		r, err := s.pulled(ctx, name)
		if err != nil {
			f.add("pull/", "", "%v", err)
			return all
		}
		all = append(all, sample{"pull/", r.batch})
	}
	return all
}

func namesDeclared(ctx context.Context, s *suite, f *findings) {
	made := map[string]bool{}
	for _, one := range s.samples(ctx, s.sourceName(), f) {
		for _, e := range one.batch.Events {
			made[e.Name] = true
			s.name(one.file, e, f)
		}
	}
	for _, name := range s.Connector.Makes {
		switch {
		case !slices.Contains(event.Names(), name):
			f.add("", "Makes lists names of the vocabulary; free events need no list.", "Makes has %q, which is not of the vocabulary", name)
		case !made[name]:
			f.add("", "Add a fixture, or take the name out of Makes.", "Makes has %q, and no fixture makes it", name)
		}
	}
}

// name checks the name of one event.
func (s *suite) name(file string, e event.Event, f *findings) {
	free, own := strings.CutPrefix(e.Name, s.Connector.Name+".")
	switch {
	case slices.Contains(s.Connector.Makes, e.Name):
	case slices.Contains(event.Names(), e.Name):
		f.add(file, "Add it to Connector.Makes.", "%q is not declared", e.Name)
	case !own || free == "":
		f.add(file, "Name it with Config.Free.", "%q is neither of the vocabulary nor of the form %s.…", e.Name, s.Connector.Name)
	}
}

// otherSource is a name that no connector knows.
const otherSource = "kit-source"

func identifiersOfSource(ctx context.Context, s *suite, f *findings) {
	for _, one := range s.samples(ctx, otherSource, f) {
		for _, e := range one.batch.Events {
			all := slices.Clone(e.Identifiers)
			for _, p := range e.Participants {
				all = append(all, p.Identifier)
			}
			for _, id := range all {
				if !event.KnownIdentifierType(id.Type) && !strings.HasPrefix(id.Type, otherSource+".") {
					f.add(one.file, "Make it with Config.Identifier.", "%s has an identifier of type %q, of the source %s", label(e), id.Type, otherSource)
				}
			}
		}
	}
}

func deletion(ctx context.Context, s *suite, f *findings) {
	deleted := false
	for _, one := range s.samples(ctx, s.sourceName(), f) {
		deleted = deleted || slices.ContainsFunc(one.batch.Events, func(e event.Event) bool { return e.Record != nil && e.Record.Deleted })
	}
	switch {
	case deleted && !s.Deletes:
		f.add("", "Set Subject.Deletes, so that this stays so.", "a fixture shows a deletion")
	case !deleted && s.Deletes:
		f.add("", "Set Record.Deleted, and add a fixture.", "no event says that a record is deleted")
	case !s.Deletes:
		f.notApplicable("the vendor does not tell of deletions (Subject.Deletes is false)")
	}
}

// secrets are the values of the settings that are secret.
func (s *suite) secrets() []string {
	var secrets []string
	for _, setting := range s.Connector.Settings {
		if value := s.Settings[setting.Name]; setting.Kind == connector.KindSecret && len(value) >= 6 {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

func secretsKept(ctx context.Context, s *suite, f *findings) {
	secrets := s.secrets()
	for _, one := range s.samples(ctx, s.sourceName(), f) {
		for _, line := range texts(one.batch, true) {
			if repeats(line, secrets) {
				f.add(one.file, "Leave it out.", "what it makes holds a secret of the settings")
			}
		}
	}
	if s.Connector.NewPuller == nil {
		return
	}
	if r, err := s.pulled(ctx, s.sourceName()); err == nil && repeats(string(r.checkpoint), secrets) {
		f.add("pull/", "Take it from the configuration each time.", "the checkpoint holds a secret of the settings")
	}
}
