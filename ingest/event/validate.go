package event

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Validate returns nil, or Errors with every fault of the event, each with its path. It does not
// ask for a subject: an incident or an invoice may be about nobody. When the event is right it
// allocates nothing but what its pools lack.
func (e *Event) Validate() error {
	var faults Errors
	e.validateKey(&faults)
	e.validateKind(&faults)
	e.validateAgent(&faults)
	e.validateTimes(&faults)
	e.validateSubject(&faults)
	e.validateParticipants(&faults)
	if e.CX != nil {
		e.CX.validate(&faults)
	}
	e.validateObjects(&faults)
	return faults.Err()
}

func (e *Event) validateKey(faults *Errors) {
	const form = "must be lower-case letters, digits, _ and -, beginning with a letter or digit, at most 64"
	if !ValidSource(e.Workspace) {
		faults.Add("workspace", form)
	}
	if !ValidSource(e.Source) && e.Source != SourceAgent {
		faults.Add("source", form)
	}
	if reason := idFault(e.MessageID, MaxMessageIDBytes); reason != "" {
		faults.Add("message_id", reason)
	}
}

func (e *Event) validateKind(faults *Errors) {
	switch e.Type {
	case TypeTrack, TypeIdentify, TypePage, TypeScreen, TypeGroup, TypeAlias:
	case "":
		faults.Add("type", required)
	default:
		faults.Add("type", "must be track, identify, page, screen, group or alias")
	}
	switch {
	case e.Name == "" && e.Type == TypeTrack:
		faults.Add("name", required)
	case e.Name != "":
		if reason := idFault(e.Name, MaxNameBytes); reason != "" {
			faults.Add("name", reason)
		}
	}
	if e.Channel != "" && !slices.Contains(channels, e.Channel) {
		faults.Add("channel", "must be one of "+channelList)
	}
}

// ValidChannel says whether c is one of the channels.
func ValidChannel(c Channel) bool { return slices.Contains(channels, c) }

var channels = []Channel{
	ChannelWeb, ChannelApp, ChannelEmail, ChannelChat, ChannelVoice, ChannelSMS,
	ChannelRCS, ChannelWhatsApp, ChannelSocial, ChannelStore, ChannelMail,
}

var channelList = strings.Trim(fmt.Sprint(channels), "[]")

func (e *Event) validateTimes(faults *Errors) {
	for _, f := range [...]struct {
		name string
		at   time.Time
	}{{"original_at", e.OriginalAt}, {"received_at", e.ReceivedAt}, {"at", e.At}} {
		switch {
		case f.at.IsZero():
			faults.Add(f.name, required)
		case !inRange(f.at):
			faults.Add(f.name, ErrTime.Error())
		}
	}
	if !e.SentAt.IsZero() && !inRange(e.SentAt) {
		faults.Add("sent_at", ErrTime.Error())
	}
}

func (e *Event) validateSubject(faults *Errors) {
	if r := e.Record; r != nil {
		if reason := idFault(r.ID, MaxIdentifierBytes); reason != "" {
			faults.Add("record.id", reason)
		}
		if reason := wordFault(r.Version, MaxVersionBytes); reason != "" {
			faults.Add("record.version", reason)
		}
	}
	if len(e.Identifiers) > MaxIdentifiers {
		faults.Add("identifiers", "are more than "+strconv.Itoa(MaxIdentifiers))
	}
	for i := range e.Identifiers[:min(len(e.Identifiers), MaxIdentifiers)] {
		e.Identifiers[i].validate(faults, "identifiers", i, "")
	}
	for name, value := range e.Attributes {
		if !KnownAttribute(name) {
			faults.Add("attributes."+printable(name), "is not an identifying attribute; send it in traits")
		} else if reason := wordFault(value, MaxAttributeBytes); reason != "" {
			faults.Add("attributes."+name, reason)
		}
	}
	if len(*faults) > 1 && len(e.Attributes) > 1 {
		sortAttributeFaults(*faults)
	}
}

// sortAttributeFaults makes the order of faults independent of the map's.
func sortAttributeFaults(faults Errors) {
	first := slices.IndexFunc(faults, func(f FieldError) bool { return strings.HasPrefix(f.Field, "attributes.") })
	if first >= 0 {
		slices.SortFunc(faults[first:], func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	}
}

func (e *Event) validateParticipants(faults *Errors) {
	if len(e.Participants) > MaxParticipants {
		faults.Add("participants", "are more than "+strconv.Itoa(MaxParticipants))
	}
	for i := range e.Participants[:min(len(e.Participants), MaxParticipants)] {
		p := &e.Participants[i]
		if reason := idFault(p.Role, MaxRoleBytes); reason != "" {
			faults.Add(indexed("participants", i, ".role"), reason)
		}
		p.Identifier.validate(faults, "participants", i, ".identifier")
	}
}

func (id *Identifier) validate(faults *Errors, list string, i int, below string) {
	if !ValidIdentifierType(id.Type) {
		faults.Add(indexed(list, i, below+".type"),
			"must be user_id, anonymous_id, device_id, email, phone or <source>.<kind>")
	}
	if reason := idFault(id.Value, MaxIdentifierBytes); reason != "" {
		faults.Add(indexed(list, i, below+".value"), reason)
	}
}

func (e *Event) validateObjects(faults *Errors) {
	for _, f := range [...]struct {
		name string
		raw  []byte
	}{{"traits", e.Traits}, {"properties", e.Properties}, {"context", e.Context}} {
		if f.raw != nil && !validObject(f.raw) {
			faults.Add(f.name, "must be a JSON object in UTF-8, nested at most "+strconv.Itoa(MaxDepth)+" deep")
		}
	}
	stored := len(e.Traits) + len(e.Properties) + len(e.Context)
	if e.CX != nil {
		stored += len(e.CX.Text)
	}
	if stored > MaxStoredBytes {
		faults.Add("properties", "together with text, traits and context are larger than "+strconv.Itoa(MaxStoredBytes)+" bytes")
	}
}

const required = "is required"

// idFault says what is wrong with a string that names something, or "". Such a string is compared
// and stored in keys: it has no control characters, and none that stands for damaged text.
func idFault(s string, most int) string {
	if s == "" {
		return required
	}
	if len(s) > most {
		return longer(most)
	}
	ascii := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return "must not hold control characters"
		}
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if !ascii && (!utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError)) {
		return "holds text that is not Unicode (a lone surrogate, or U+FFFD in its place)"
	}
	return ""
}

// wordFault says what is wrong with a string that people read, or "".
func wordFault(s string, most int) string {
	switch {
	case len(s) > most:
		return longer(most)
	case strings.IndexByte(s, 0) >= 0:
		return "must not hold the NUL character"
	case !utf8.ValidString(s):
		return "must be UTF-8"
	}
	return ""
}

func longer(most int) string { return "is longer than " + strconv.Itoa(most) + " bytes" }

func indexed(list string, i int, below string) string {
	return list + "[" + strconv.Itoa(i) + "]" + below
}

// printable shortens a name that came from outside, for a path.
func printable(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name), "")
}
