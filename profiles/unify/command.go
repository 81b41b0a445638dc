package unify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
)

// CommandSource is the source that commands enter the log under, so that those of one workspace
// keep their order.
const CommandSource = "tributary.command"

// ErrCommand is wrapped by the errors of bad commands, which name the field at fault.
var ErrCommand = errors.New("unify: bad command")

// Command changes what is kept, by way of the log. The types below are all there are; a value
// of one of them becomes a log record by NewRecord.
type Command interface {
	// Name is what stands in the record's "command" member.
	Name() string
	// Validate reports every fault, each with its field.
	Validate() error
}

// ConfigPut stores a document of the run-time configuration. Value is any JSON.
type ConfigPut struct {
	Actor  string          `json:"actor,omitempty"` // who gave the command; here and below
	Bucket string          `json:"bucket"`
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value"`
}

// ConfigDelete removes a document.
type ConfigDelete struct {
	Actor  string `json:"actor,omitempty"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
}

// LinkVerdict is a person's word on two observations.
type LinkVerdict string

// The verdicts. LinkRemove takes back what was said before.
const (
	LinkNeverMerge LinkVerdict = LinkVerdict(identity.NeverMerge)
	LinkMustMerge  LinkVerdict = LinkVerdict(identity.MustMerge)
	LinkRemove     LinkVerdict = "remove"
)

// IdentityLink says whether two observations are the same person. They need not be known yet.
type IdentityLink struct {
	Actor   string                 `json:"actor,omitempty"`
	A       identity.ObservationID `json:"a"`
	B       identity.ObservationID `json:"b"`
	Verdict LinkVerdict            `json:"verdict"`
	Note    string                 `json:"note,omitempty"` // why, in the person's words
	Part
}

// IdentityBlock says that an identifier joins nobody in this workspace.
type IdentityBlock struct {
	Actor string `json:"actor,omitempty"`
	Type  string `json:"type"`
	Value string `json:"value"` // as a source would send it
	Note  string `json:"note,omitempty"`
	Part
}

// IdentityUnblock takes an IdentityBlock back.
type IdentityUnblock struct {
	Actor string `json:"actor,omitempty"`
	Type  string `json:"type"`
	Value string `json:"value"`
	Part
}

// IdentityRules puts the workspace's document of rules in place of the one before; an empty one, {},
// brings the defaults back.
type IdentityRules struct {
	Actor string          `json:"actor,omitempty"`
	Rules json.RawMessage `json:"rules"` // identity.Rules
}

// IdentityModel brings a part of a new model that weighs what no rule decides (identity/match). The
// program makes it itself.
type IdentityModel struct {
	Number uint32 `json:"number"` // one more than the one in force
	ID     string `json:"id"`     // tells this model's parts from those of another try
	Part   int    `json:"part"`   // from 0
	Parts  int    `json:"parts"`
	// Observations and Sum say what it was trained on: how many can be compared, and a sum of hashes of
	// all that counts. Rules is a hash of what the rules of then said about what is compared.
	Observations uint64 `json:"observations"`
	Sum          uint64 `json:"sum,string"`
	Rules        uint64 `json:"rules,string"`
	Data         []byte `json:"data"` // of the binary form of match.Model
}

// QuarantineReplay processes a quarantined item again. Replaying what is no longer open does nothing.
type QuarantineReplay struct {
	Actor     string           `json:"actor,omitempty"`
	Partition stream.Partition `json:"partition"`
	Offset    uint64           `json:"offset"`
	Ordinal   uint32           `json:"ordinal,omitempty"`
	// With is an event that takes the place of what the item holds, put right: event.Event as JSON, of
	// the item's source and received time. It is the way for what was rejected before it was an event.
	With json.RawMessage `json:"with,omitempty"`
	// Erased stands in a rewritten log for what With held of somebody who is erased.
	Erased *privacy.Tombstone `json:"erased,omitempty"`
}

// QuarantineDiscard closes a quarantined item for good. It stays counted as quarantined.
type QuarantineDiscard struct {
	Actor     string           `json:"actor,omitempty"`
	Partition stream.Partition `json:"partition"`
	Offset    uint64           `json:"offset"`
	Ordinal   uint32           `json:"ordinal,omitempty"`
}

// Name implements Command.
func (ConfigPut) Name() string { return "config.put" }

// Name implements Command.
func (ConfigDelete) Name() string { return "config.delete" }

// Name implements Command.
func (IdentityLink) Name() string { return "identity.link" }

// Name implements Command.
func (IdentityBlock) Name() string { return "identity.block" }

// Name implements Command.
func (IdentityUnblock) Name() string { return "identity.unblock" }

// Name implements Command.
func (IdentityRules) Name() string { return "identity.rules" }

// Name implements Command.
func (IdentityModel) Name() string { return "identity.model" }

// Name implements Command.
func (QuarantineReplay) Name() string { return outbox.CommandReplay }

// Name implements Command.
func (QuarantineDiscard) Name() string { return "quarantine.discard" }

// Validate implements Command.
func (c ConfigPut) Validate() error {
	var f faults
	f.check(c.Bucket != "", "bucket: is required")
	f.check(c.Key != "", "key: is required")
	f.check(len(c.Value) > 0 && json.Valid(c.Value) && string(c.Value) != "null", "value: must be JSON other than null")
	return f.err()
}

// Validate implements Command.
func (c ConfigDelete) Validate() error {
	var f faults
	f.check(c.Bucket != "", "bucket: is required")
	f.check(c.Key != "", "key: is required")
	return f.err()
}

// Validate implements Command.
func (c IdentityLink) Validate() error {
	var f faults
	f.check(c.A != uuid.Nil, "a: is required")
	f.check(c.B != uuid.Nil, "b: is required")
	f.check(c.A != c.B, "b: is the same observation as a")
	switch c.Verdict {
	case LinkNeverMerge, LinkMustMerge, LinkRemove:
	default:
		f.check(false, "verdict: must be never_merge, must_merge or remove")
	}
	return f.err()
}

// Validate implements Command.
func (c IdentityBlock) Validate() error { return validIdentifier(c.Type, c.Value) }

// Validate implements Command.
func (c IdentityUnblock) Validate() error { return validIdentifier(c.Type, c.Value) }

// Validate implements Command.
func (c IdentityRules) Validate() error {
	var f faults
	if _, err := identity.ParseRules(c.Rules); err != nil {
		f = append(f, err)
	}
	return f.err()
}

// Validate implements Command.
func (c IdentityModel) Validate() error {
	var f faults
	f.check(c.Number > 0, "number: is required")
	f.check(c.ID != "", "id: is required")
	f.check(c.Parts > 0 && c.Parts <= maxModelParts, fmt.Sprintf("parts: must be 1 to %d", maxModelParts))
	f.check(c.Part >= 0 && c.Part < c.Parts, "part: must be 0 to parts - 1")
	f.check(len(c.Data) > 0, "data: is required")
	return f.err()
}

// Validate implements Command: any place may be named, and whether there is an item is seen when
// the command is applied.
func (c QuarantineReplay) Validate() error {
	if len(c.With) == 0 {
		return nil
	}
	var f faults
	e := new(event.Event)
	err := event.DecodeInto(e, c.With)
	if err == nil {
		err = e.Validate()
	}
	if err != nil {
		f = append(f, fmt.Errorf("with: %w", err))
	}
	return f.err()
}

// Validate implements Command; see QuarantineReplay.
func (c QuarantineDiscard) Validate() error { return nil }

func validIdentifier(typ, value string) error {
	var f faults
	f.check(typ != "", "type: is required")
	f.check(value != "", "value: is required")
	return f.err()
}

type faults []error

func (f *faults) check(ok bool, fault string) {
	if !ok {
		*f = append(*f, errors.New(fault))
	}
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrCommand, errors.Join(f...))
}

// NewRecord makes the log record of a command: valid, in the live lane, received now. messageID
// names it, in answers and in the audit trail; the order between commands about the same thing is
// that of (received time, message id). workspace is whose command it is; documents belong to the
// installation, whatever workspace they come under.
func NewRecord(workspace, messageID string, now time.Time, c Command) (stream.Record, error) {
	return NewRecordBy(By{}, workspace, messageID, now, c)
}

// NewRecordBy is NewRecord of a command that somebody gave.
func NewRecordBy(by By, workspace, messageID string, now time.Time, c Command) (stream.Record, error) {
	if err := c.Validate(); err != nil {
		return stream.Record{}, err
	}
	value, err := encodeCommand(by, c)
	if err != nil {
		return stream.Record{}, err
	}
	return stream.Record{
		Lane: stream.LaneLive, Kind: stream.KindCommand,
		Workspace: workspace, Source: CommandSource, MessageID: messageID,
		ReceivedAt: now.UTC().Truncate(time.Millisecond), Value: value,
	}, nil
}

// encodeCommand puts the name, and who gave it, before the fields of the command.
func encodeCommand(by By, c Command) ([]byte, error) {
	fields, err := marshal(c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCommand, err)
	}
	value, err := appendBy(fmt.Appendf(nil, `{"command":%q`, c.Name()), by)
	if err != nil {
		return nil, err
	}
	if len(fields) > len("{}") {
		value = append(value, ',')
	}
	return append(value, fields[1:]...), nil
}

// marshal is json.Marshal that leaves what is JSON already as it is: an event stays what its source sent.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParseCommand reads the value of a command's record. Unknown commands and members are errors, for
// a command that is only half understood must not be carried out.
func ParseCommand(value []byte) (Command, error) {
	var head struct {
		Command string `json:"command"`
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return nil, fmt.Errorf("%w: not JSON of a command", ErrCommand)
	}
	switch head.Command {
	case "config.put":
		return parse[ConfigPut](value)
	case "config.put_all":
		return parse[ConfigPutAll](value)
	case "config.delete":
		return parse[ConfigDelete](value)
	case "identity.link":
		return parse[IdentityLink](value)
	case "identity.block":
		return parse[IdentityBlock](value)
	case "identity.unblock":
		return parse[IdentityUnblock](value)
	case "identity.rules":
		return parse[IdentityRules](value)
	case "identity.model":
		return parse[IdentityModel](value)
	case "profiles.definitions":
		return parse[ProfilesDefinitions](value)
	case "clock.tick":
		return parse[ClockTick](value)
	case "trait.set":
		return parse[TraitSet](value)
	case "schema.set":
		return parse[SchemaSet](value)
	case "schema.remove":
		return parse[SchemaRemove](value)
	case "disclosure":
		return parse[Disclosure](value)
	case "consent.carry":
		return parse[ConsentCarry](value)
	case "audit.note":
		return parse[AuditNote](value)
	case outbox.CommandReplay:
		return parse[QuarantineReplay](value)
	case "quarantine.discard":
		return parse[QuarantineDiscard](value)
	default:
		if c, err := parsePrivacy(head.Command, value); c != nil || err != nil {
			return c, err
		}
		return nil, fmt.Errorf("%w: command: is none that this program knows", ErrCommand)
	}
}

func parse[C Command](value []byte) (Command, error) {
	var c C
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(value, &members); err != nil {
		return nil, fmt.Errorf("%w: not an object", ErrCommand)
	}
	delete(members, "command")
	delete(members, "by")
	fields, err := marshal(members)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCommand, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(fields))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCommand, err)
	}
	return c, c.Validate()
}

// actorOf returns who gave a command.
func actorOf(c Command) string {
	switch c := c.(type) {
	case ConfigPut:
		return c.Actor
	case ConfigPutAll:
		return c.Actor
	case ConfigDelete:
		return c.Actor
	case IdentityLink:
		return c.Actor
	case IdentityBlock:
		return c.Actor
	case IdentityUnblock:
		return c.Actor
	case IdentityRules:
		return c.Actor
	case ProfilesDefinitions:
		return c.Actor
	case SchemaSet:
		return c.Actor
	case SchemaRemove:
		return c.Actor
	case QuarantineReplay:
		return c.Actor
	case QuarantineDiscard:
		return c.Actor
	case PrivacyRequest:
		return c.Actor
	case PrivacyCancel:
		return c.Actor
	case PrivacyErase:
		return c.Actor
	case PrivacySuppress:
		return c.Actor
	case PrivacyUnsuppress:
		return c.Actor
	case PrivacyRestrict:
		return c.Actor
	case PrivacyUnrestrict:
		return c.Actor
	default:
		return ""
	}
}
