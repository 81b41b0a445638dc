package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/consent"
)

// Contacts knows what was said of a contact point; profiles.Service does.
type Contacts interface {
	ContactConsent(ctx context.Context, workspace string, contact identity.Identifier) (*profiles.ContactConsent, error)
}

// Speaker puts an event into the log and waits until it is applied; admin.Commands is one.
type Speaker interface {
	Say(ctx context.Context, e *event.Event) error
}

// consentSource is the source of what is recorded with a key that has none of its own.
const consentSource = "consent-api"

// contactView is a contact point.
type contactView struct {
	Type  string `json:"type" policy:"meta"`
	Value string `json:"value" policy:"contact"`
}

// statementView is one thing that was said, and of whom.
type statementView struct {
	Contact     *contactView `json:"contact,omitempty" policy:"-"`
	Observation *uuid.UUID   `json:"observation,omitempty" policy:"meta"`
	Channel     string       `json:"channel" policy:"consent"` // "*": any
	Purpose     string       `json:"purpose" policy:"consent"`
	Consent     string       `json:"consent" policy:"consent"`
	At          time.Time    `json:"at" policy:"consent"`
	ReceivedAt  time.Time    `json:"received_at" policy:"consent"`
	Source      string       `json:"source" policy:"provenance"`
	MessageID   string       `json:"message_id" policy:"provenance"`
	LegalBasis  *textView    `json:"legal_basis,omitempty" policy:"-"`
	Evidence    *textView    `json:"evidence,omitempty" policy:"-"`
	ValidUntil  time.Time    `json:"valid_until,omitzero" policy:"consent"`
	// Carried: it was said of this contact point or observation while that was of the profile.
	Carried bool `json:"carried,omitempty" policy:"consent"`
}

// PolicyClass is what its texts are.
func (statementView) PolicyClass() string { return "consent" }

// decisionView says whether something is allowed, and why.
type decisionView struct {
	Contact     *contactView `json:"contact,omitempty" policy:"-"`
	Observation *uuid.UUID   `json:"observation,omitempty" policy:"meta"`
	Channel     string       `json:"channel" policy:"consent"`
	Purpose     string       `json:"purpose" policy:"consent"`
	Allowed     bool         `json:"allowed" policy:"consent"`
	Reason      string       `json:"reason" policy:"consent"`
	// Because is the statement that decided; absent: nothing was said.
	Because *statementView `json:"because,omitempty" policy:"-"`
}

func newStatement(of consent.Subject, s *consent.Statement) *statementView {
	v := &statementView{
		Channel: string(s.Channel), Purpose: s.Purpose, Consent: string(s.Status), At: s.At, ReceivedAt: s.Received,
		Source: s.Source, MessageID: s.MessageID, LegalBasis: untrusted(s.LegalBasis, ""), Evidence: untrusted(s.Evidence, ""),
		ValidUntil: s.ValidUntil, Carried: s.Origin != consent.Subject{},
	}
	v.Contact, v.Observation = subjectParts(of)
	return v
}

func subjectParts(s consent.Subject) (*contactView, *uuid.UUID) {
	if s.IsContact() {
		return &contactView{s.Contact.Type, s.Contact.Value}, nil
	}
	return nil, &s.Observation
}

func newDecision(d *consent.Decision) decisionView {
	v := decisionView{Channel: string(d.Channel), Purpose: d.Purpose, Allowed: d.Allowed, Reason: string(d.Reason)}
	v.Contact, v.Observation = subjectParts(d.Subject)
	if d.By != nil {
		v.Because = newStatement(d.Of, d.By)
	}
	return v
}

// maxDecisions bounds what an answer lists.
const maxDecisions = 500

var untrustedInConsent = []string{"consent[].because.message_id", "consent[].purpose", "consent[].because.purpose"}

// consentView is the answer about a profile.
type consentView struct {
	subjectView
	AsOf         time.Time      `json:"as_of" policy:"meta"`
	Untrusted    []string       `json:"untrusted" policy:"meta"`
	Consent      []decisionView `json:"consent" policy:"-"`
	ConsentTotal int            `json:"consent_total" policy:"meta"`
}

func (a *API) getConsent(c *gin.Context) {
	address, err := addressOf(c)
	if err == nil {
		err = newQuery(c).err()
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	found, err := a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	if a.redirect(c, address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	now := a.Now().UTC()
	all := consent.Project(found.Consent, now).All()
	a.answer(c, consentView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion), AsOf: now, Untrusted: untrustedInConsent,
		Consent: each(first(all, maxDecisions), newDecision), ConsentTotal: len(all),
	})
}

// consentBody is what is asked.
type consentBody struct {
	aboutBody
	Profile string `json:"profile,omitempty"`
}

// aboutBody is whom and what something is asked about, or recorded of.
type aboutBody struct {
	lookupIdentifiers
	Contact *lookupIdentifier `json:"contact,omitempty"`
	Channel event.Channel     `json:"channel,omitempty"`
	Purpose string            `json:"purpose"`
}

type (
	lookupIdentifier struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	lookupIdentifiers struct {
		Identifiers []lookupIdentifier `json:"identifiers,omitempty"`
	}
)

// checkView is the answer to a check.
type checkView struct {
	Channel string         `json:"channel" policy:"consent"`
	Purpose string         `json:"asked_purpose" policy:"consent"` // "purpose" is the reading's, as in every answer
	AsOf    time.Time      `json:"as_of" policy:"meta"`
	Allowed bool           `json:"allowed" policy:"consent"`
	Reason  string         `json:"reason" policy:"consent"`
	Because *statementView `json:"because,omitempty" policy:"-"`
	// ContactPoints are those that the channel reaches; of a channel without any, the observations.
	ContactPoints []decisionView `json:"contact_points" policy:"-"`
}

func (b *consentBody) validate() (profiles.Address, error) {
	d := problem.New(problem.Invalid, "")
	fault := func(field, reason string) {
		d.Errors = append(d.Errors, problem.FieldError{Field: field, Reason: reason})
	}
	var address profiles.Address
	for _, id := range b.Identifiers {
		address = append(address, identity.Identifier(id))
	}
	if b.Profile != "" {
		if len(address) > 0 {
			fault("profile", "cannot stand beside identifiers")
		}
		address = profiles.Address{{Type: profiles.TypeProfile, Value: b.Profile}}
	}
	if len(address) == 0 && b.Contact == nil {
		fault("identifiers", "or profile, or contact, is required")
	}
	if !event.ValidPurpose(b.Purpose) {
		fault("purpose", `must be a machine name, such as marketing, or "*"`)
	}
	if !validChannel(b.Channel) {
		fault("channel", `must be a channel, such as email, or "*"`)
	}
	if len(d.Errors) > 0 {
		return nil, d
	}
	return address, nil
}

func validChannel(channel event.Channel) bool {
	return channel == "" || channel == consent.AnyChannel || event.ValidChannel(channel)
}

func (a *API) checkConsent(c *gin.Context) {
	var body consentBody
	err := decodeAlone(c, &body)
	var address profiles.Address
	if err == nil {
		address, err = body.validate()
	}
	var decisions []consent.Decision
	now := a.Now().UTC()
	if err == nil {
		decisions, err = a.decisions(c, address, &body, now)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	scope := consent.NewScope(body.Channel, body.Purpose)
	v := checkView{
		Channel: string(scope.Channel), Purpose: scope.Purpose, AsOf: now, Reason: string(consent.ReasonMissing),
		ContactPoints: each(first(decisions, maxDecisions), newDecision),
	}
	// A contact point that several have is allowed where none of them says no; a person, where one contact
	// point is.
	for i := range decisions {
		d := &decisions[i]
		if i == 0 || d.Allowed != v.Allowed && d.Allowed == (body.Contact == nil) {
			said := newDecision(d)
			v.Allowed, v.Reason, v.Because = said.Allowed, said.Reason, said.Because
		}
	}
	a.answer(c, v)
}

// decisions answers a check: for a profile, or for a contact point in every profile that has it.
func (a *API) decisions(c *gin.Context, address profiles.Address, body *consentBody, now time.Time) ([]consent.Decision, error) {
	ctx, workspace := c.Request.Context(), keyOf(c).Workspace
	var contact *profiles.ContactConsent
	if body.Contact != nil {
		var err error
		if contact, err = a.Contacts.ContactConsent(ctx, workspace, identity.Identifier(*body.Contact)); err != nil {
			return nil, err
		}
	}
	if len(address) == 0 {
		a.tells(c, contact)
		return contactDecisions(contact, body, now), nil
	}
	found, err := a.Profiles.Get(ctx, workspace, address)
	if err != nil {
		return nil, err
	}
	p := consent.Project(found.Consent, now)
	if contact == nil {
		return p.Check(body.Channel, body.Purpose), nil
	}
	if !holdsContact(found, contact.Contact) {
		return nil, problem.Field("contact", "is no contact point of this profile")
	}
	return []consent.Decision{p.Decide(consent.Contact(contact.Contact), body.Channel, body.Purpose)}, nil
}

// tells puts those who have a contact point on the reading's account.
func (a *API) tells(c *gin.Context, contact *profiles.ContactConsent) {
	x := readingOf(c)
	if x == nil {
		return
	}
	for i := range contact.Profiles {
		x.others = append(x.others, contact.Profiles[i].Profile)
	}
}

func holdsContact(found *profiles.Answer, id identity.Identifier) bool {
	for i := range found.Profile.Identifiers {
		if found.Profile.Identifiers[i].Identifier == id {
			return true
		}
	}
	return false
}

func contactDecisions(contact *profiles.ContactConsent, body *consentBody, now time.Time) []consent.Decision {
	of := consent.Contact(contact.Contact)
	decide := func(registers []consent.Register) consent.Decision {
		return consent.Project(registers, now).Decide(of, body.Channel, body.Purpose)
	}
	var all []consent.Decision
	for i := range contact.Profiles {
		all = append(all, decide(contact.Profiles[i].Registers))
	}
	if len(all) == 0 || contact.All > len(all) {
		all = append(all, decide([]consent.Register{contact.Own}))
	}
	return all
}

// contactConsentView is the answer about a contact point alone.
type contactConsentView struct {
	Contact    contactView     `json:"contact" policy:"-"`
	AsOf       time.Time       `json:"as_of" policy:"meta"`
	Untrusted  []string        `json:"untrusted" policy:"meta"`
	Consent    []decisionView  `json:"consent" policy:"-"`
	Statements []statementView `json:"statements" policy:"-"`
	// Profiles is how many have it: what their other contact points refused is not in this answer.
	Profiles int `json:"profiles" policy:"meta"`
}

func (a *API) getContactConsent(c *gin.Context) {
	address, err := addressOf(c)
	if err == nil {
		err = newQuery(c).err()
	}
	var found *profiles.ContactConsent
	if err == nil {
		found, err = a.Contacts.ContactConsent(c.Request.Context(), keyOf(c).Workspace, address[0])
	}
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	a.tells(c, found)
	now := a.Now().UTC()
	v := contactConsentView{
		Contact: contactView{found.Contact.Type, found.Contact.Value}, AsOf: now, Profiles: found.All,
		Untrusted:  append([]string{"statements[].message_id", "statements[].purpose"}, untrustedInConsent...),
		Consent:    each(consent.Project([]consent.Register{found.Own}, now).All(), newDecision),
		Statements: []statementView{},
	}
	for _, s := range found.Own.Ledger.Statements() {
		of := found.Own.Subject
		if s.Origin != (consent.Subject{}) {
			of = s.Origin
		}
		v.Statements = append(v.Statements, *newStatement(of, &s))
	}
	a.answer(c, v)
}

// sayBody is what is recorded.
type sayBody struct {
	aboutBody
	Consent    event.Consent `json:"consent"`
	At         *time.Time    `json:"at,omitempty"` // default: now
	LegalBasis string        `json:"legal_basis,omitempty"`
	Evidence   string        `json:"evidence,omitempty"`
	ValidUntil *time.Time    `json:"valid_until,omitempty"`
}

// saidView is the answer to what was recorded.
type saidView struct {
	MessageID  string    `json:"message_id"`
	ReceivedAt time.Time `json:"received_at"`
}

// idempotencyHeader names what is said, so that saying it again changes nothing.
const idempotencyHeader = "Idempotency-Key"

// postConsent records what somebody said, as an event of the key's source. It answers once that is applied.
func (a *API) postConsent(c *gin.Context) {
	var body sayBody
	err := decodeAlone(c, &body)
	var e *event.Event
	if err == nil {
		e, err = a.said(c, &body)
	}
	if err == nil {
		err = a.Speaker.Say(c.Request.Context(), e)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerAs(c, http.StatusCreated, saidView{MessageID: e.MessageID, ReceivedAt: e.ReceivedAt})
}

func (a *API) said(c *gin.Context, body *sayBody) (*event.Event, error) {
	if _, err := (&consentBody{aboutBody: body.aboutBody}).validate(); err != nil {
		return nil, err
	}
	key := keyOf(c)
	by, _ := json.Marshal(map[string]string{"recorded_by": key.Actor(), "request_id": c.GetString(requestIDKey)}) // strings always encode
	e := &event.Event{
		Workspace: key.Workspace, Source: key.Source, MessageID: strings.TrimSpace(c.GetHeader(idempotencyHeader)),
		Type: event.TypeTrack, Name: event.NameConsentChanged, Channel: body.Channel, Context: by,
		CX: &event.CX{Consent: body.Consent, Purpose: body.Purpose, LegalBasis: body.LegalBasis, Evidence: body.Evidence},
	}
	if e.Source == "" {
		e.Source = consentSource
	}
	if e.MessageID == "" {
		e.MessageID = uuid.NewString()
	}
	if e.Channel == consent.AnyChannel {
		e.Channel = ""
	}
	if body.Contact != nil {
		if !consent.Reaches(body.Contact.Type, body.Channel) {
			return nil, problem.Field("contact.type", "must be email or phone, and one that the channel reaches")
		}
		e.Identifiers = append(e.Identifiers, event.Identifier(*body.Contact))
	}
	for _, id := range body.Identifiers {
		e.Identifiers = append(e.Identifiers, event.Identifier(id))
	}
	if body.ValidUntil != nil {
		e.CX.ValidUntil = body.ValidUntil.UTC().Truncate(time.Millisecond)
	}
	at := time.Time{}
	if body.At != nil {
		at = *body.At
	}
	if body.Consent == "" {
		return nil, problem.Field("consent", "must be granted, refused or pending")
	}
	e.Stamp(at, time.Time{}, a.Now())
	return e, ofEvent(e.Validate())
}

// ofEvent puts the faults of an event in terms of the request.
func ofEvent(err error) error {
	d := problem.OfFaults(err)
	if d == nil {
		return err
	}
	for i := range d.Errors {
		switch field := strings.TrimPrefix(d.Errors[i].Field, "cx."); field {
		case "message_id":
			d.Errors[i].Field = "header." + idempotencyHeader
		case "original_at":
			d.Errors[i].Field = "at"
		default:
			d.Errors[i].Field = field
		}
	}
	return d
}
