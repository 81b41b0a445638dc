package unify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// Reasons for which unify itself quarantines a record; those of the gateway come with its records.
const (
	reasonNotJSON  = "not_json"
	reasonInvalid  = "invalid"
	reasonMismatch = "mismatch" // the event inside names another workspace, source or message
	reasonCommand  = "bad_command"
	reasonInternal = "internal" // a fault of this program: a panic in pure code
)

// Who refused a quarantined item.
const (
	stageGateway = "gateway"
	stageUnify   = "unify"
	stageSink    = "sink"
)

// fault is why a record goes to the quarantine.
type fault struct {
	stage, reason, field, detail string
	payload                      []byte // nil: the record's value
}

// record is a log entry with all that can be found out about it without the state. Readers make
// them in parallel.
type record struct {
	stream.Entry
	fault *fault
	// by is the command by which the record is replayed, else nil. The rows that a record leads
	// to, but for the event's own, stand at the place of that command.
	by *record
	// rows is how many rows stand at its place, but for the event's own.
	rows uint32

	// Of an event:
	event       *event.Event
	observation identity.Observation
	columns     outbox.EventColumns
	message     state.MessageHash
	payload     uint64        // hash of what it carries, times of its transport left out
	shape       uint64        // schema.Hash of its properties or traits
	inferred    bool          // counted in what is known of such events, before it was quarantined
	foreseen    *schema.Judge // by whom it was judged already, and how
	breaches    []schema.Breach

	// Of whom it is the record of (privacy.go): hashes of all that its event is known by, once asked for; by
	// which erasure it is erased; and what is left of it, if that was in another life of the state.
	hashes    []privacy.IdentifierHash
	hashed    bool
	erased    *privacy.Erasure
	tombstone *privacy.Tombstone
	marked    bool // the tombstone tells the message id

	command Command          // of a command
	refusal *outbox.Refusal  // of a sink's
	awaits  *stream.Position // the record that the command is about
}

// decode never fails: what it cannot read has a fault.
func decode(engine Engine, entry stream.Entry) (r *record) {
	r = &record{Entry: entry}
	defer func() {
		if p := recover(); p != nil {
			r.fault = &fault{stage: stageUnify, reason: reasonInternal, detail: panicDetail(p)}
		}
	}()
	switch entry.Kind {
	case stream.KindEvent:
		r.decodeEvent(engine)
	case stream.KindRejected:
		r.decodeRejected()
	case stream.KindCommand:
		r.decodeCommand()
	case stream.KindSuppressed:
	case stream.KindErased:
		r.decodeErased()
	default:
		r.fault = &fault{stage: stageUnify, reason: "unknown_kind", detail: "the record's kind is none that this program knows"}
	}
	return r
}

func (r *record) decodeEvent(engine Engine) {
	e := new(event.Event)
	if err := event.DecodeInto(e, r.Value); err != nil {
		r.fault = &fault{stage: stageUnify, reason: reasonNotJSON, detail: err.Error()}
		return
	}
	if field := r.mismatch(e); field != "" {
		r.fault = &fault{stage: stageUnify, reason: reasonMismatch, field: field, detail: "the event names another than its record"}
		return
	}
	if err := e.Validate(); err != nil {
		r.fault = invalid(err)
		return
	}
	r.event = e
	r.message = state.HashMessage(r.Workspace, r.Source, r.MessageID)
	r.payload = payloadHash(r.Value)
	if request, ok := e.Written().RequestHash(); ok { // the same request again may find its subject merged
		r.payload = request
	}
	fields, _ := schema.Section(e)
	r.shape = schema.Hash(fields)
	r.observation, _ = engine.Observe(e)
	r.columns = outbox.EventColumns{Observation: r.observation.ID, Identifiers: identifierKeys(engine, &r.observation)}
}

// mismatch names the field by which an event is not the one that its record says. Nothing may get
// into a workspace but by records of that workspace.
func (r *record) mismatch(e *event.Event) string {
	switch {
	case e.Workspace != r.Workspace:
		return "workspace"
	case e.Source != r.Source:
		return "source"
	case e.MessageID != r.MessageID:
		return "message_id"
	}
	return ""
}

func invalid(err error) *fault {
	f := &fault{stage: stageUnify, reason: reasonInvalid, detail: err.Error()}
	var first event.FieldError
	if errors.As(err, &first) {
		f.field = first.Field
	}
	return f
}

func identifierKeys(engine Engine, o *identity.Observation) []uint64 {
	if len(o.Identifiers) == 0 {
		return nil
	}
	keys := make([]uint64, len(o.Identifiers))
	for i, id := range o.Identifiers {
		keys[i] = engine.IdentifierKey(o.Workspace, id)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// transportTimes are the members that differ when a client sends the same event again.
var transportTimes = [...][]byte{[]byte(`,"sent_at":"`), []byte(`,"received_at":"`), []byte(`,"at":"`)}

// payloadHash hashes an event's JSON without the times of its transport. Inside a string a quote
// is escaped, so that only members can match. Another writer's order of members gives another
// hash: then a retry counts as a conflict, and nothing else is different.
func payloadHash(value []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, member := range transportTimes {
		at := bytes.Index(value, member)
		if at < 0 {
			continue
		}
		_, _ = d.Write(value[:at])
		value = value[at+len(member):]
		value = value[bytes.IndexByte(value, '"')+1:]
	}
	_, _ = d.Write(value)
	return d.Sum64()
}

func (r *record) decodeRejected() {
	var v struct {
		Reason  string          `json:"reason"`
		Field   string          `json:"field"`
		Payload json.RawMessage `json:"payload"`
	}
	f := &fault{stage: stageGateway, reason: reasonInvalid}
	r.fault = f
	if err := json.Unmarshal(r.Value, &v); err != nil {
		f.detail = "the gateway's own note is not readable"
		return
	}
	f.field, f.payload = v.Field, v.Payload
	if machineName(v.Reason) {
		f.reason = v.Reason
	} else {
		f.detail = v.Reason
	}
}

// machineName says whether s can be a reason that things are counted by.
func machineName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func (r *record) decodeCommand() {
	if refusal, err := outbox.ParseRefusal(r.Value); err == nil {
		r.refusal, r.awaits = &refusal, &refusal.Position
		return
	}
	command, err := ParseCommand(r.Value)
	if err != nil {
		r.fault = &fault{stage: stageUnify, reason: reasonCommand, detail: err.Error()}
		return
	}
	r.command = command
	switch c := command.(type) {
	case QuarantineReplay:
		r.awaits = &stream.Position{Partition: c.Partition, Offset: c.Offset}
	case QuarantineDiscard:
		r.awaits = &stream.Position{Partition: c.Partition, Offset: c.Offset}
	}
}

// panicDetail tells the kind of a panic and not its text, which may hold a customer's value.
func panicDetail(p any) string { return fmt.Sprintf("panic of type %T", p) }
