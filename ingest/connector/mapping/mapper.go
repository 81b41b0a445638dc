package mapping

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/bytedance/sonic"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// wire reads items into maps, numbers as they are written.
var wire = sonic.Config{UseNumber: true, ValidateString: true}.Froze()

// Decode reads JSON as expressions take it: numbers keep every digit.
func Decode(raw []byte) (any, error) {
	var v any
	err := wire.Unmarshal(raw, &v)
	return v, err
}

// Fault is why an item makes no event.
type Fault struct {
	Field  string // the path of the mapping's field
	Reason string // repeats no value
}

// Error is the field and the reason.
func (f *Fault) Error() string { return f.Field + ": " + f.Reason }

// item is an item at work.
type item struct {
	*Mapper
	cfg  *connector.Config
	ctx  context.Context //nolint:containedctx // of the item's expressions alone
	raw  []byte
	in   any
	vars []any
	id   string
}

// Map makes the events of an item and adds them to the batch, or rejects it. raw is kept.
func (m *Mapper) Map(ctx context.Context, b *connector.Batch, cfg *connector.Config, raw []byte, vars Vars) {
	in, err := Decode(raw)
	if err != nil {
		b.Reject("", "item", "is not JSON", raw)
		return
	}
	m.MapDecoded(ctx, b, cfg, raw, in, vars)
}

// MapDecoded is Map of an item that is decoded already, by Decode.
func (m *Mapper) MapDecoded(ctx context.Context, b *connector.Batch, cfg *connector.Config, raw []byte, in any, vars Vars) {
	it := &item{Mapper: m, cfg: cfg, ctx: ctx, raw: raw, in: in}
	if m.dynamic {
		it.ctx, it.vars = Bounded(ctx, 1), vars.List()
	}
	before := len(b.Events)
	if err := it.events(b); err != nil {
		b.Events = b.Events[:before]
		fault := &Fault{Field: "item", Reason: err.Error()}
		errors.As(err, &fault)
		b.Reject(it.id, fault.Field, fault.Reason, raw)
	}
}

func (it *item) events(b *connector.Batch) error {
	var err error
	if it.id, err = it.text("id", "", it.Mapper.id); err != nil {
		return err
	}
	if it.id == "" {
		return &Fault{"id", "is empty: nothing would tell the item's repetition"}
	}
	taken := false
	for i := range it.rules {
		r := &it.rules[i]
		holds, err := it.eval(r.at, ".when", r.when)
		if err != nil {
			return err
		}
		if r.when != nil && !truthy(holds) {
			continue
		}
		e, err := it.event(r)
		if err != nil {
			return err
		}
		b.Add(e)
		taken = true
	}
	if taken {
		return nil
	}
	return it.free(b)
}

// free keeps an item that no rule takes.
func (it *item) free(b *connector.Batch) error {
	name, err := it.text("otherwise", "", it.otherwise)
	if err != nil {
		return err
	}
	if name == "" {
		name = "item"
	}
	e := event.Event{MessageID: messageID(it.id), Name: it.cfg.Free(name)}
	if e.Properties = it.object(it.raw); e.Properties == nil {
		return &Fault{"item", "is not an object"}
	}
	b.Add(e)
	return nil
}

func (it *item) event(r *rule) (event.Event, error) {
	e := event.Event{Type: r.kind, Name: r.name}
	if r.free {
		e.Name = it.cfg.Free(r.name)
	}
	for _, step := range []func(*rule, *event.Event) error{it.head, it.times, it.subject, it.typed, it.objects} {
		if err := step(r, &e); err != nil {
			return e, err
		}
	}
	return e, nil
}

// head sets the message id, the channel and the record.
func (it *item) head(r *rule, e *event.Event) (err error) {
	if r.id == nil {
		e.MessageID = messageID(it.id + ":" + r.name)
	} else {
		id, err := it.text(r.at, ".id", r.id)
		if err != nil {
			return err
		}
		if id == "" {
			return &Fault{r.at + ".id", "is empty"}
		}
		e.MessageID = messageID(id)
	}
	channel, err := it.word(r.at, ".channel", r.channel)
	if e.Channel = event.Channel(channel); err != nil || r.record == nil {
		return err
	}
	e.Record = &event.Record{}
	if e.Record.ID, err = it.text(r.at, ".record.id", r.record.id); err != nil {
		return err
	}
	if e.Record.Version, err = it.text(r.at, ".record.version", r.record.version); err != nil {
		return err
	}
	deleted, err := it.text(r.at, ".record.deleted", r.record.deleted)
	e.Record.Deleted = !slices.Contains(no, deleted)
	return err
}

// no is how columns and fields say that a record is there: by a flag, or by having no time of deletion.
var no = []string{"", "false", "0", "f", "n", "no"}

// messageID is an id as it is, or its hash if it is longer than an event takes.
func messageID(id string) string {
	if len(id) <= event.MaxMessageIDBytes {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func (it *item) times(r *rule, e *event.Event) error {
	for _, t := range []struct {
		name string
		expr *Expr
	}{{".at", r.time}, {".sent_at", r.sent}} {
		v, err := it.eval(r.at, t.name, t.expr)
		if err != nil {
			return err
		}
		at, err := Time(v)
		if err != nil {
			return &Fault{r.at + t.name, err.Error()}
		}
		if t.name == ".at" {
			e.OriginalAt = at
		} else {
			e.SentAt = at
		}
	}
	order, err := it.text(r.at, ".order", r.order)
	if err != nil || order == "" {
		return err
	}
	if e.Order, err = strconv.ParseInt(order, 10, 64); err != nil {
		return &Fault{r.at + ".order", errWhole.Error()}
	}
	return nil
}

func (it *item) subject(r *rule, e *event.Event) error {
	for i := range r.identifiers {
		f := &r.identifiers[i]
		err := it.each(f, func(s string) { e.Identifiers = append(e.Identifiers, it.identifier(f.name, s)) })
		if err != nil {
			return err
		}
	}
	for i := range r.attributes {
		f := &r.attributes[i]
		s, err := it.word(f.at, "", f.value)
		if err != nil {
			return err
		}
		if s != "" {
			if e.Attributes == nil {
				e.Attributes = make(map[string]string, len(r.attributes))
			}
			e.Attributes[f.name] = s
		}
	}
	for _, p := range r.participants {
		role, err := it.word(r.at, ".participants", p.role)
		if err != nil {
			return err
		}
		err = it.each(&named{name: p.kind, at: r.at, value: p.value}, func(s string) {
			e.Participants = append(e.Participants, event.Participant{Role: role, Identifier: it.identifier(p.kind, s)})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (it *item) identifier(kind, value string) event.Identifier {
	if event.KnownIdentifierType(kind) {
		return event.Identifier{Type: kind, Value: value}
	}
	return it.cfg.Identifier(kind, value)
}

// each calls use with a value, or with each of a list.
func (it *item) each(f *named, use func(string)) error {
	if f.value.fixed == nil && f.value.values == nil {
		v, err := it.eval(f.at, "", f.value.expr)
		if err != nil {
			return err
		}
		if list, many := v.([]any); many {
			for _, one := range list {
				s, err := Text(one)
				if err != nil {
					return &Fault{f.at, err.Error()}
				}
				if s != "" {
					use(s)
				}
			}
			return nil
		}
	}
	s, err := it.word(f.at, "", f.value)
	if err == nil && s != "" {
		use(s)
	}
	return err
}

func (it *item) typed(r *rule, e *event.Event) error {
	if len(r.cx) == 0 {
		return nil
	}
	cx := &event.CX{}
	for i := range r.cx {
		f := &r.cx[i]
		s, err := it.word(f.at, "", f.value)
		if err != nil {
			return err
		}
		if s == "" {
			continue
		}
		if err := setCX(cx, f.name, f.index, s); err != nil {
			return &Fault{f.at, err.Error()}
		}
	}
	if *cx != (event.CX{}) {
		e.CX = cx
	}
	return nil
}

func (it *item) objects(r *rule, e *event.Event) (err error) {
	if e.Properties, err = it.part(r.at, ".properties", r.properties); err != nil {
		return err
	}
	if e.Traits, err = it.part(r.at, ".traits", r.traits); err != nil {
		return err
	}
	switch {
	case r.record != nil && r.traits == nil:
		e.Traits = it.object(it.raw)
	case r.record == nil && r.properties == nil:
		e.Properties = it.object(it.raw)
	}
	return nil
}

// part is an object that an expression makes, as JSON.
func (it *item) part(at, name string, x *Expr) (json.RawMessage, error) {
	v, err := it.eval(at, name, x)
	if err != nil || v == nil {
		return nil, err
	}
	if _, is := v.(map[string]any); !is {
		return nil, &Fault{at + name, "is not an object"}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, &Fault{at + name, "has no form in JSON"}
	}
	return text, nil
}

// object is raw if it is an object.
func (it *item) object(raw []byte) json.RawMessage {
	if _, is := it.in.(map[string]any); !is {
		return nil
	}
	return raw
}

// eval is the first result of an expression; nil without one. at and name are its path together, which
// only a fault puts together.
func (it *item) eval(at, name string, x *Expr) (any, error) {
	if x == nil {
		return nil, nil
	}
	v, err := x.First(it.ctx, it.in, it.vars)
	if err != nil {
		return nil, &Fault{at + name, err.Error()}
	}
	return v, nil
}

func (it *item) text(at, name string, x *Expr) (string, error) {
	v, err := it.eval(at, name, x)
	if err != nil {
		return "", err
	}
	s, err := Text(v)
	if err != nil {
		return "", &Fault{at + name, err.Error()}
	}
	return s, nil
}

// word is a field's value, through its table.
func (it *item) word(at, name string, v *value) (string, error) {
	if v == nil {
		return "", nil
	}
	if v.fixed != nil {
		return *v.fixed, nil
	}
	s, err := it.text(at, name, v.expr)
	if err != nil || s == "" || v.values == nil {
		return s, err
	}
	if ours, known := v.values[s]; known {
		return ours, nil
	}
	if ours, known := v.values["*"]; known {
		return ours, nil
	}
	return "", &Fault{at + name, "is not among its values"}
}
