package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"unsafe"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/decoder"

	"tributary/ingest/event"
)

// wire reads requests: keys are case-sensitive, of equal keys the last wins, and strings refer to
// the request's buffer instead of being copied.
var wire = sonic.Config{CaseSensitive: true, ValidateString: true}.Froze()

// part reads objects within what wire has read, whose strings are checked already.
var part = sonic.Config{CaseSensitive: true}.Froze()

// raw is a part of the request, in place.
type raw = sonic.NoCopyRawMessage

// payload is a call of Segment's HTTP API: the common fields and those of each call
// (https://segment.com/docs/connections/spec/common/,
// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/).
type payload struct {
	Type        event.Type `json:"type"`
	MessageID   string     `json:"messageId"`
	UserID      string     `json:"userId"`
	AnonymousID string     `json:"anonymousId"`
	PreviousID  string     `json:"previousId"`
	GroupID     string     `json:"groupId"`
	Event       string     `json:"event"`
	Name        string     `json:"name"`
	Category    string     `json:"category"`
	Channel     string     `json:"channel"`
	WriteKey    string     `json:"writeKey"`

	Timestamp         string `json:"timestamp"`
	OriginalTimestamp string `json:"originalTimestamp"`
	SentAt            string `json:"sentAt"`

	Traits     raw `json:"traits"`
	Properties raw `json:"properties"`
	Context    raw `json:"context"`
}

// contextFields are the fields of context that make an event; channel, order, record, identifiers
// and participants are our additions.
type contextFields struct {
	Channel string `json:"channel"`
	GroupID string `json:"groupId"`
	Order   int64  `json:"order"`
	Library struct {
		Name string `json:"name"`
	} `json:"library"`
	Device struct {
		ID            string `json:"id"`
		AdvertisingID string `json:"advertisingId"`
	} `json:"device"`
	Traits raw `json:"traits"`
	Record *struct {
		ID      scalar `json:"id"`
		Version scalar `json:"version"`
		Deleted bool   `json:"deleted"`
	} `json:"record"`
	Membership   membership          `json:"membership"`
	Identifiers  []event.Identifier  `json:"identifiers"`
	Participants []event.Participant `json:"participants"`
}

// personTraits are the reserved traits that identify a person, which Segment takes in either case
// (https://segment.com/docs/connections/spec/identify/#traits).
type personTraits struct {
	Email      string  `json:"email"`
	Phone      scalar  `json:"phone"`
	Name       string  `json:"name"`
	FirstName  string  `json:"firstName"`
	FirstName2 string  `json:"first_name"`
	Middle     string  `json:"middleName"`
	Middle2    string  `json:"middle_name"`
	LastName   string  `json:"lastName"`
	LastName2  string  `json:"last_name"`
	Suffix     string  `json:"suffix"`
	Birthday   string  `json:"birthday"`
	Gender     string  `json:"gender"`
	Company    company `json:"company"`
	Address    struct {
		Street      string `json:"street"`
		City        string `json:"city"`
		State       string `json:"state"`
		PostalCode  scalar `json:"postalCode"`
		PostalCode2 scalar `json:"postal_code"`
		Country     string `json:"country"`
	} `json:"address"`
}

// typedProperties are the typed fields of an event of the vocabulary; an amount may also come as a
// number, and is taken with the digits it was sent with.
type typedProperties struct {
	event.CX
	Amount scalar `json:"amount"`
	// What is said of consent is read where an event is about consent (consent.go): others have
	// members of these names that mean something else.
	Consent    raw `json:"consent"`
	Purpose    raw `json:"purpose"`
	LegalBasis raw `json:"legal_basis"`
	Evidence   raw `json:"evidence"`
	ValidUntil raw `json:"valid_until"`
	// So is what is said of a membership (account.go).
	ValidFrom raw `json:"valid_from"`
	// So is when a promise is due (commitment.go): an invoice's date is none.
	DueAt raw `json:"due_at"`
}

// scalar is a string that may also be sent as a number, whose digits it then is.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		return nil
	case data[0] == '"':
		return wire.Unmarshal(data, (*string)(s))
	case !kindScalar.matches(data):
		return errors.New(kindReasons[kindScalar])
	}
	*s = scalar(data)
	return nil
}

// company is the name of a company, from {"name": …} or from a string.
type company string

// UnmarshalJSON implements json.Unmarshaler.
func (c *company) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return wire.Unmarshal(data, (*string)(c))
	}
	var object struct {
		Name string `json:"name"`
	}
	if err := wire.Unmarshal(data, &object); err != nil {
		return err
	}
	if object.Name != "" {
		*c = company(object.Name)
	}
	return nil
}

// call is one call on its way to an event. It is reused; its strings refer to the request.
type call struct {
	payload    payload
	context    contextFields
	person     personTraits
	typed      typedProperties
	consent    consentProperties
	group      groupTraits
	membership membership
	commitment commitmentProperties
	event      event.Event
	record     event.Record
	// origins names the field of the request that each identifier came from, accountOrigin that
	// of the account.
	origins       []string
	accountOrigin string
	identifiers   []event.Identifier
}

// reset makes a call ready for the next payload.
func (c *call) reset() {
	*c = call{origins: c.origins[:0], identifiers: c.identifiers[:0]}
}

// decode reads data, which must be in UTF-8 and not change while the call is in use. It returns
// every value of a wrong type; the rest of the call is then as if those had not been sent.
func (c *call) decode(data []byte, route event.Type) event.Errors {
	if c.parse(data, route) == nil {
		return nil
	}
	var faults event.Errors
	if len(trimSpace(data)) == 0 {
		return event.Errors{{Field: "body", Reason: "is empty"}}
	}
	if reason := syntaxFault(data); reason != "" {
		return event.Errors{{Field: "body", Reason: reason}}
	}
	if !isObject(data) {
		return event.Errors{{Field: "body", Reason: kindReasons[kindObject]}}
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(data, &members) // what is wrong with them, the shape finds
	kind, name := event.Type(plain(members["type"])), plain(members["event"])
	if kind == "" {
		kind = route
	}
	left := callShape(kind != event.TypeGroup, propertiesShape(kind, name)).clean("", data, &faults)
	c.reset()
	if left != nil && c.parse(left, route) != nil && len(faults) == 0 {
		faults.Add("body", "is not a call of Segment's API")
	}
	return faults
}

// parse decodes the payload and then those parts of it that the event needs.
func (c *call) parse(data []byte, route event.Type) error {
	p := &c.payload
	if err := unmarshal(data, p); err != nil {
		return err
	}
	if p.Type == "" {
		p.Type = route
	}
	if err := c.contextAndTraits(); err != nil {
		return err
	}
	if p.Type != event.TypeTrack || !event.InVocabulary(p.Event) {
		return decodeObject(&p.Properties, nil)
	}
	if aboutConsent(p.Event) {
		if err := decodeObject(&p.Properties, &c.consent); err != nil {
			return err
		}
	}
	if aboutMembership(p.Event) {
		if err := decodeObject(&p.Properties, &c.membership); err != nil {
			return err
		}
	}
	if event.AboutCommitment(p.Event) {
		if err := decodeObject(&p.Properties, &c.commitment); err != nil {
			return err
		}
	}
	return decodeObject(&p.Properties, &c.typed)
}

// contextAndTraits decodes who the call is about; of two traits the call's own win over context's.
func (c *call) contextAndTraits() error {
	p := &c.payload
	if err := decodeObject(&p.Context, &c.context); err != nil {
		return err
	}
	if err := decodeObject(&c.context.Traits, &c.person); err != nil {
		return err
	}
	if p.Type == event.TypeGroup { // its traits are the group's
		return decodeObject(&p.Traits, &c.group)
	}
	return decodeObject(&p.Traits, &c.person)
}

// withContext adds the context of the batch to a call that was decoded without it.
func (c *call) withContext(batch raw, faults event.Errors) event.Errors {
	own := c.payload.Context
	c.payload.Context = merged(own, batch)
	person := c.person
	c.context, c.person = contextFields{}, personTraits{}
	if c.contextAndTraits() == nil {
		return faults
	}
	c.payload.Context, c.person = own, person
	return append(faults, event.FieldError{Field: "context", Reason: "of the batch has values of a wrong type"})
}

var errNotObject = errors.New("gateway: not an object")

// decodeObject decodes a raw object into v; null counts as not sent.
func decodeObject(data *raw, v any) error {
	switch {
	case len(*data) == 0:
		return nil
	case string(*data) == "null":
		*data = nil
		return nil
	case (*data)[0] != '{':
		return errNotObject
	case v == nil:
		return nil
	}
	return part.UnmarshalFromString(inPlace(*data), v)
}

func unmarshal(data []byte, v any) error {
	if len(data) == 0 || string(data) == "null" {
		return errNotObject
	}
	return wire.UnmarshalFromString(inPlace(data), v)
}

// inPlace returns data as a string without a copy.
func inPlace(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// syntaxFault says where data is not JSON, or returns "".
func syntaxFault(data []byte) string {
	var any raw
	err := wire.UnmarshalFromString(inPlace(data), &any)
	var syntax decoder.SyntaxError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &syntax) && isDepth(syntax):
		return fmt.Sprintf("is nested more than %d deep", event.MaxDepth)
	case errors.As(err, &syntax):
		return fmt.Sprintf("is not valid JSON at byte %d", syntax.Pos)
	default:
		return "is not valid JSON"
	}
}

// isObject says whether valid JSON is an object.
func isObject(data []byte) bool { return trimSpace(data)[0] == '{' }

// plain returns the text of a JSON string, or "".
func plain(data json.RawMessage) (s string) {
	if json.Unmarshal(data, &s) != nil {
		return ""
	}
	return s
}
