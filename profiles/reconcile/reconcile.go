// Package reconcile keeps the account of each source: what the log received from it, what became of
// that, what the analytics store holds of it, and what the source itself says it sent. By UTC day of
// receipt, and in total.
//
// README.md says what each figure is and where it comes from.
package reconcile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// ErrInvalid is wrapped by the errors of figures that a source cannot have said; they name the field.
var ErrInvalid = errors.New("reconcile: bad figure")

// Commands gives a command through the log and returns once it is applied; admin.Commands is one.
type Commands interface {
	Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error)
}

// Config is what a Service is made of.
type Config struct {
	Log      stream.Log
	State    *state.Store
	Commands Commands
	// Held asks the analytics store how many events it holds.
	Held func(ctx context.Context, s unify.Selection) (map[stream.SourceDay]uint64, error)
	Now  func() time.Time
}

// Validate reports every fault, each with its field.
func (c Config) Validate() error {
	var faults []error
	need := func(ok bool, field string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	need(c.Log != nil, "log")
	need(c.State != nil, "state")
	need(c.Commands != nil, "commands")
	need(c.Held != nil, "held")
	need(c.Now != nil, "now")
	return errors.Join(faults...)
}

// Service answers for all sources. It is safe for concurrent use.
type Service struct{ config Config }

// New returns a service.
func New(c Config) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure reconcile: %w", err)
	}
	return &Service{c}, nil
}

// Sources returns the accounts that are asked for. Where the analytics store cannot answer, what it
// holds is left out.
func (s *Service) Sources(ctx context.Context, sel unify.Selection) (*Report, error) {
	found, err := unify.Reconcile(ctx, s.config.Log, s.config.State, sel)
	if err != nil {
		return nil, err
	}
	held, fault := s.config.Held(ctx, sel)
	if fault != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("reconcile: %w", ctx.Err())
	}
	return s.report(found, held, fault == nil, sel)
}

// Totals is Sources without a word of what the analytics store holds, which is not asked: for who looks often.
func (s *Service) Totals(ctx context.Context, sel unify.Selection) (*Report, error) {
	found, err := unify.Reconcile(ctx, s.config.Log, s.config.State, sel)
	if err != nil {
		return nil, err
	}
	return s.report(found, nil, false, sel)
}

func (s *Service) report(found *unify.Reconciliation, held map[stream.SourceDay]uint64, known bool, sel unify.Selection) (*Report, error) {
	report := &Report{Sources: []Source{}, Counted: found.Counted}
	for days := found.Days; len(days) > 0; {
		n := slices.IndexFunc(days, func(d unify.DayBalance) bool { return d.SourceKey != days[0].SourceKey })
		if n < 0 {
			n = len(days)
		}
		source, err := s.source(days[:n], held, known, sel)
		if err != nil {
			return nil, err
		}
		report.Sources = append(report.Sources, *source)
		days = days[n:]
	}
	return report, nil
}

// Source returns the account of one source: its days are those on which something was received, or
// of which the source itself has said how much. ok is false when there are none.
func (s *Service) Source(ctx context.Context, sel unify.Selection) (source *Source, ok bool, err error) {
	report, err := s.Sources(ctx, sel)
	if err != nil {
		return nil, false, err
	}
	if len(report.Sources) == 1 {
		return &report.Sources[0], true, nil
	}
	source, err = s.source(nil, nil, false, sel)
	return source, err == nil && len(source.Days) > 0, err
}

// source makes the account of one source out of its days.
func (s *Service) source(days []unify.DayBalance, held map[stream.SourceDay]uint64, known bool, sel unify.Selection) (*Source, error) {
	key := stream.SourceKey{Workspace: sel.Workspace, Source: sel.Source}
	if len(days) > 0 {
		key = days[0].SourceKey
	}
	said, err := s.figures(key)
	if err != nil {
		return nil, err
	}
	out := &Source{Workspace: key.Workspace, Source: key.Source, Days: []Day{}}
	total, inStore := unify.Balance{}, uint64(0)
	for i := range days {
		d := &days[i]
		total.Add(&d.Balance)
		inStore += held[d.SourceDay]
		day := Day{Day: d.Day.String(), Account: newAccount(&d.Balance, held[d.SourceDay], known)}
		if f, ok := said[d.Day]; ok {
			day.Expected = f.against(&day.Account)
			delete(said, d.Day)
		}
		out.Days = append(out.Days, day)
	}
	for d, f := range said {
		if sel.Selects(stream.SourceDay{SourceKey: key, Day: d}) {
			day := Day{Day: d.String(), Account: newAccount(&unify.Balance{}, 0, known)}
			day.Expected = f.against(&day.Account)
			out.Days = append(out.Days, day)
		}
	}
	slices.SortFunc(out.Days, func(a, b Day) int { return cmp.Compare(a.Day, b.Day) })
	out.Account, out.LastReceived = newAccount(&total, inStore, known), total.Last
	out.Expected = sumExpected(out.Days)
	return out, nil
}

// buckets is how the names of the buckets begin that hold figures.
const buckets = "expected/"

// bucket is where the figures of a source are in the run-time configuration, by day.
func bucket(k stream.SourceKey) string { return buckets + k.Workspace + "/" + k.Source }

// SourceOf says whose figures a bucket of the run-time configuration holds; false for any other bucket.
func SourceOf(name string) (workspace, source string, ok bool) {
	rest, ok := strings.CutPrefix(name, buckets)
	if ok {
		workspace, source, ok = strings.Cut(rest, "/")
	}
	return workspace, source, ok
}

// Held is how many events the analytics store holds, by source and day.
func (s *Service) Held(ctx context.Context, sel unify.Selection) (map[stream.SourceDay]uint64, error) {
	return s.config.Held(ctx, sel)
}

// figures reads what a source said.
func (s *Service) figures(k stream.SourceKey) (map[stream.Day]Figure, error) {
	docs, err := s.config.State.Docs(bucket(k))
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	figures := make(map[stream.Day]Figure, len(docs))
	for _, doc := range docs {
		var f Figure
		day, err := stream.ParseDay(doc.Key)
		if err == nil {
			err = json.Unmarshal(doc.Value, &f)
		}
		if err != nil {
			return nil, fmt.Errorf("reconcile: read figure of %s: %w", doc.Key, err)
		}
		figures[day] = f
	}
	return figures, nil
}

// Expect keeps what a source says it sent on a day, in place of what it said before. It fails with
// ErrInvalid.
func (s *Service) Expect(ctx context.Context, actor string, k stream.SourceKey, day stream.Day, f Figure) error {
	if err := errors.Join(validKey(k), f.Validate()); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	f.At = s.config.Now().UTC().Truncate(time.Millisecond)
	value, err := json.Marshal(f)
	if err == nil {
		_, err = s.config.Commands.Do(ctx, k.Workspace, unify.ConfigPut{Actor: actor, Bucket: bucket(k), Key: day.String(), Value: value})
	}
	if err != nil {
		return fmt.Errorf("keep figure: %w", err)
	}
	return nil
}

// Forget takes back what a source said of a day. It fails with ErrInvalid.
func (s *Service) Forget(ctx context.Context, actor string, k stream.SourceKey, day stream.Day) error {
	if err := validKey(k); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if _, err := s.config.Commands.Do(ctx, k.Workspace, unify.ConfigDelete{Actor: actor, Bucket: bucket(k), Key: day.String()}); err != nil {
		return fmt.Errorf("forget figure: %w", err)
	}
	return nil
}

func validKey(k stream.SourceKey) error {
	var faults []error
	for _, f := range []struct{ field, value string }{{"workspace", k.Workspace}, {"source", k.Source}} {
		if !event.ValidSource(f.value) {
			faults = append(faults, fmt.Errorf("%s: must be 1 to 64 lower-case letters, digits, _ and -", f.field))
		}
	}
	return errors.Join(faults...)
}
