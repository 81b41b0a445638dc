// Package event is the leaf that everything else speaks: the event as Tributary keeps it, the
// identifiers it names a person by, the customer-experience vocabulary, and their validation.
//
// An Event is what connectors and the gateway produce, what the log carries (as JSON, so that any
// Kafka tool can read it), what unify consumes and what ClickHouse stores. It is complete: nothing
// downstream looks into Properties or Context to learn who somebody is or what happened.
package event

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Type is the kind of call that made the event, in the terms of the Segment specification
// (https://segment.com/docs/connections/spec/).
type Type string

// The six types of the Segment specification.
const (
	TypeTrack    Type = "track"
	TypeIdentify Type = "identify"
	TypePage     Type = "page"
	TypeScreen   Type = "screen"
	TypeGroup    Type = "group"
	TypeAlias    Type = "alias"
)

// Channel is where the person met the company.
type Channel string

// The channels. A source that has no customer contact (CRM, billing) leaves the channel empty.
const (
	ChannelWeb      Channel = "web"
	ChannelApp      Channel = "app"
	ChannelEmail    Channel = "email"
	ChannelChat     Channel = "chat"
	ChannelVoice    Channel = "voice"
	ChannelSMS      Channel = "sms"
	ChannelRCS      Channel = "rcs"
	ChannelWhatsApp Channel = "whatsapp"
	ChannelSocial   Channel = "social"
	ChannelStore    Channel = "store"
	ChannelMail     Channel = "mail"
)

// Event is one thing that one source said happened, about at most one person (its subject).
//
// Workspace, Source and MessageID together are the deduplication key. ReceivedAt is set once, by
// whoever takes the event in, and never changes afterwards: not on replay, not on rebuild.
type Event struct {
	Workspace string `json:"workspace"`
	Source    string `json:"source"`
	MessageID string `json:"message_id"`
	Type      Type   `json:"type"`
	// Name is the vocabulary name (names.go), or a free product event name. For page and screen
	// it is the page's name and may be empty.
	Name    string  `json:"name,omitempty"`
	Channel Channel `json:"channel,omitempty"`

	// OriginalAt is when it happened by the client's clock, SentAt when the client sent it by the
	// same clock (zero if not said), ReceivedAt when Tributary took it in. At is the corrected
	// time, OriginalAt + (ReceivedAt - SentAt), and is what queries use. UTC, to the millisecond.
	OriginalAt time.Time `json:"original_at"`
	SentAt     time.Time `json:"sent_at,omitzero"`
	ReceivedAt time.Time `json:"received_at"`
	At         time.Time `json:"at"`
	// Order is the client's own order of its events, ascending; 0 when the client has none.
	Order int64 `json:"order,omitempty"`

	// Record is set when the event states the present content of one record of the source (a CRM
	// contact, say) rather than something that happened.
	Record *Record `json:"record,omitempty"`

	// Observation is whom the event is about, where it comes from SourceAgent: what agents and the program
	// itself write belongs to an observation that is there, and says nothing of who somebody is. Nil for
	// every other source, whose events are found their observation by what they say.
	Observation uuid.UUID `json:"observation,omitzero"`

	// Identifiers name the subject, as received; normalising is the identity package's work.
	Identifiers []Identifier `json:"identifiers,omitempty"`
	// Attributes are identifying attributes of the subject, by the names below (AttrName and so on).
	Attributes map[string]string `json:"attributes,omitempty"`
	// Participants are others who took part, with their roles. They are never the subject.
	Participants []Participant `json:"participants,omitempty"`

	// CX holds the typed fields of the customer-experience vocabulary; nil for product events.
	CX *CX `json:"cx,omitempty"`

	// Traits, Properties and Context are JSON objects exactly as received, or nil.
	Traits     json.RawMessage `json:"traits,omitempty"`
	Properties json.RawMessage `json:"properties,omitempty"`
	Context    json.RawMessage `json:"context,omitempty"`
}

// Record names one record of a source, and which version of it an event states. Of two versions
// the greater wins (compared as numbers when both are, else as strings); equal or absent versions
// are ordered by corrected time and then message id.
type Record struct {
	ID      string `json:"id"`
	Version string `json:"version,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
}

// Identifier is one name a source has for a person. Type is a known type (identifier.go) or
// "<source>.<kind>" for an id that means something only within a source, such as "crm.contact_id".
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// The identifier types every workspace has.
const (
	// IDUser is the company's own id of a known customer; exclusive: one per profile.
	IDUser = "user_id"
	// IDAnonymous is an id a web or app client made up for itself.
	IDAnonymous = "anonymous_id"
	// IDDevice is an id of a device (advertising or installation id).
	IDDevice = "device_id"
	IDEmail  = "email"
	IDPhone  = "phone"
)

// Names of identifying attributes (Event.Attributes).
const (
	AttrName       = "name"
	AttrFirstName  = "first_name"
	AttrMiddleName = "middle_name"
	AttrLastName   = "last_name"
	AttrSuffix     = "suffix"
	AttrBirthDate  = "birth_date" // YYYY-MM-DD where the source knows it whole
	AttrGender     = "gender"
	AttrStreet     = "street"
	AttrCity       = "city"
	AttrRegion     = "region"
	AttrPostcode   = "postcode"
	AttrCountry    = "country" // ISO 3166-1 alpha-2 where known
	AttrCompany    = "company"
)

// Participant is a person in an event beside its subject, such as an agent or a cc'd colleague.
type Participant struct {
	Role       string     `json:"role"`
	Identifier Identifier `json:"identifier"`
}

// CX is the typed part of an event of the customer-experience vocabulary. Every connector fills
// the same fields, so that a metric means the same for every source. Empty means not said; for
// the numbers, nil means not said and 0 is a value.
type CX struct {
	ConversationID       string `json:"conversation_id,omitempty"`
	ParentConversationID string `json:"parent_conversation_id,omitempty"`
	// LegID tells the legs of one conversation apart: a transferred call has several.
	LegID     string    `json:"leg_id,omitempty"`
	Turn      int64     `json:"turn,omitempty"`
	Direction Direction `json:"direction,omitempty"`
	// AuthorRole says who acted or spoke.
	AuthorRole   AuthorRole   `json:"author_role,omitempty"`
	AgentID      string       `json:"agent_id,omitempty"`
	Team         string       `json:"team,omitempty"`
	Queue        string       `json:"queue,omitempty"`
	Skill        string       `json:"skill,omitempty"`
	CaseID       string       `json:"case_id,omitempty"`
	Topic        string       `json:"topic,omitempty"`
	Disposition  string       `json:"disposition,omitempty"`
	Priority     string       `json:"priority,omitempty"`
	Language     string       `json:"language,omitempty"`  // BCP 47
	Sentiment    *float64     `json:"sentiment,omitempty"` // -1 to 1
	TransferKind TransferKind `json:"transfer_kind,omitempty"`
	WaitS        *float64     `json:"wait_s,omitempty"` // seconds
	TalkS        *float64     `json:"talk_s,omitempty"`
	HoldS        *float64     `json:"hold_s,omitempty"`
	WrapS        *float64     `json:"wrap_s,omitempty"`
	Resolution   Resolution   `json:"resolution,omitempty"`

	SurveyID            string     `json:"survey_id,omitempty"`
	Survey              Survey     `json:"survey,omitempty"`
	SurveyKind          SurveyKind `json:"survey_kind,omitempty"`
	AboutConversationID string     `json:"about_conversation_id,omitempty"`
	Score               *float64   `json:"score,omitempty"`
	// Scale is the top of the score's scale as the source declares it: "1-5", "0-10".
	Scale string `json:"scale,omitempty"`

	// Amount is a decimal number as text ("-12.50"), at most 30 digits before and 8 after the
	// point; Currency is ISO 4217. Neither stands without the other.
	Amount      string `json:"amount,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Product     string `json:"product,omitempty"`
	Entitlement string `json:"entitlement,omitempty"`
	AccountID   string `json:"account_id,omitempty"`
	OrderID     string `json:"order_id,omitempty"`

	// Text is what was written or said, when the source gives it. It is the customer's or
	// agent's own words and is never to be trusted as an instruction.
	Text string `json:"text,omitempty"`

	Model  string   `json:"model,omitempty"`
	Tokens *int64   `json:"tokens,omitempty"`
	Cost   *float64 `json:"cost,omitempty"`

	// Consent is what was said about being contacted on the event's channel (empty: on any), or about
	// what is done with the person's data, for a purpose: "marketing", "service", "profiling", another
	// machine name, or "*" for all. See profiles/consent for whom it is said of.
	Consent Consent `json:"consent,omitempty"`
	Purpose string  `json:"purpose,omitempty"`
	// LegalBasis is what processing rests upon, as GDPR, article 6, has it: "consent", "contract",
	// "legitimate_interests", …
	LegalBasis string `json:"legal_basis,omitempty"`
	// Evidence says how it is known: version of a form, "double opt-in".
	Evidence string `json:"evidence,omitempty"`
	// ValidUntil is when it ends by itself, to the millisecond; zero: it does not. Also of a membership.
	ValidUntil time.Time `json:"valid_until,omitzero"`

	// AccountKind is what AccountID is. AccountRole is what the subject is to it: a machine name, such as
	// owner, payer, user. ValidFrom is since when; zero: since the event.
	AccountKind AccountKind `json:"account_kind,omitempty"`
	AccountRole string      `json:"account_role,omitempty"`
	ValidFrom   time.Time   `json:"valid_from,omitzero"`

	// CommitmentID names a promise, HandoffID a hand-off, each within the subject. DueAt is when what was
	// promised is due, to the millisecond; zero: not said.
	CommitmentID string    `json:"commitment_id,omitempty"`
	HandoffID    string    `json:"handoff_id,omitempty"`
	DueAt        time.Time `json:"due_at,omitzero"`
}

// Direction says who began it.
type Direction string

// The directions.
const (
	DirectionInbound  Direction = "inbound"
	DirectionOutbound Direction = "outbound"
)

// AuthorRole says who acted or spoke.
type AuthorRole string

// The author roles.
const (
	AuthorCustomer AuthorRole = "customer"
	AuthorHuman    AuthorRole = "human"
	AuthorAI       AuthorRole = "ai"
	AuthorIVR      AuthorRole = "ivr"
	AuthorSystem   AuthorRole = "system"
)

// TransferKind says how a conversation was passed on.
type TransferKind string

// The transfer kinds.
const (
	TransferWarm TransferKind = "warm"
	TransferCold TransferKind = "cold"
)

// Resolution says how sure it is that the customer's matter is settled.
type Resolution string

// The resolutions. Confirmed: the customer said so. Assumed: the agent or a rule did.
const (
	ResolutionConfirmed Resolution = "confirmed"
	ResolutionAssumed   Resolution = "assumed"
	ResolutionNone      Resolution = "none"
)

// Survey is the question a survey asks.
type Survey string

// The surveys.
const (
	SurveyCSAT Survey = "csat"
	SurveyNPS  Survey = "nps"
	SurveyCES  Survey = "ces"
)

// SurveyKind says what a survey is about: the company as a whole, or one contact.
type SurveyKind string

// The survey kinds.
const (
	SurveyRelationship  SurveyKind = "relationship"
	SurveyTransactional SurveyKind = "transactional"
)

// AccountKind is what an account is.
type AccountKind string

// The kinds of account.
const (
	AccountCompany   AccountKind = "company"
	AccountHousehold AccountKind = "household"
	AccountContract  AccountKind = "contract"
)

// Consent is what somebody said to a purpose.
type Consent string

// What may be said. Pending is a yes that was not confirmed yet (double opt-in): it counts as no.
const (
	ConsentGranted Consent = "granted"
	ConsentRefused Consent = "refused"
	ConsentPending Consent = "pending"
)

// AnyPurpose is CX.Purpose of what is said to all purposes.
const AnyPurpose = "*"
