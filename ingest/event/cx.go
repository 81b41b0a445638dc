package event

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"golang.org/x/text/currency"
)

// codes knows the currencies of ISO 4217. The validator serves here as a maintained list; rules
// that every event meets are plain Go, for its reflection would cost more than the decoding.
var codes = validator.New()

// withdrawn are currencies that histories still hold.
var withdrawn = map[string]bool{
	"AZM": true, "BYR": true, "CYP": true, "EEK": true, "GHC": true, "HRK": true, "LTL": true, "LVL": true,
	"MRO": true, "MTL": true, "MZM": true, "ROL": true, "SDD": true, "SIT": true, "SKK": true, "SLL": true,
	"STD": true, "TMM": true, "TRL": true, "VEB": true, "VEF": true, "ZMK": true, "ZWL": true,
}

// ValidCurrency says whether code is an alphabetic ISO 4217 code, in use or withdrawn since 2000.
func ValidCurrency(code string) bool {
	return len(code) == 3 && (codes.Var(code, "iso4217") == nil || withdrawn[code])
}

// ValidAmount says whether s is a decimal number as CX.Amount takes it: an optional "-", 1 to 30
// digits, and optionally a point and 1 to 8 digits.
func ValidAmount(s string) bool {
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return digits(whole, 30) && (!pointed || digits(fraction, 8))
}

// CanonicalAmount writes a valid amount with as many places behind the point as its currency has and, beyond them, no
// zeros: "25", "025.0" and "25.000" are "25.00" of EUR and "25" of JPY. Equal amounts are written alike, however they
// were sent and wherever they were kept. What is no valid amount comes back as it is; currencies that x/text does not
// know have two places.
func CanonicalAmount(amount, code string) string {
	if !ValidAmount(amount) {
		return amount
	}
	places := 2
	if unit, err := currency.ParseISO(code); err == nil {
		places, _ = currency.Standard.Rounding(unit)
	}
	digits, negative := strings.CutPrefix(amount, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	whole = cmp.Or(strings.TrimLeft(whole, "0"), "0")
	fraction = strings.TrimRight(fraction, "0")
	fraction += strings.Repeat("0", max(0, places-len(fraction)))
	negative = negative && strings.Trim(whole+fraction, "0") != ""
	if fraction != "" {
		whole += "." + fraction
	}
	if negative {
		return "-" + whole
	}
	return whole
}

func digits(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// ValidLanguage says whether s has the form of a language tag (RFC 5646, section 2.1): subtags of 1
// to 8 letters and digits between "-", the first of 2 to 8 letters; at most 35 characters (section
// 4.4.1). It does not look subtags up.
func ValidLanguage(s string) bool {
	if len(s) > 35 {
		return false
	}
	for i, subtag := range strings.Split(s, "-") {
		if subtag == "" || len(subtag) > 8 || (i == 0 && len(subtag) < 2) {
			return false
		}
		for _, c := range []byte(subtag) {
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// ParseScale reads a scale such as "1-5" or "0-10" and returns its ends.
func ParseScale(s string) (low, high float64, ok bool) {
	first, last, found := strings.Cut(s, "-")
	if !found || len(s) > 16 || !ValidAmount(first) || !ValidAmount(last) {
		return 0, 0, false
	}
	low, errLow := strconv.ParseFloat(first, 64)
	high, errHigh := strconv.ParseFloat(last, 64)
	return low, high, errLow == nil && errHigh == nil && low < high
}

func (c *CX) validate(faults *Errors) {
	c.validateIDs(faults)
	c.validateWords(faults)
	c.validateEnums(faults)
	c.validateNumbers(faults)
	c.validateScore(faults)
	c.validateMoney(faults)
	c.validateConsent(faults)
	c.validateMembership(faults)
	if !c.DueAt.IsZero() && (!inRange(c.DueAt) || !c.DueAt.Equal(millis(c.DueAt))) {
		faults.Add("cx.due_at", "must be to the millisecond, between the years 1900 and 2261")
	}
	if c.Language != "" && !ValidLanguage(c.Language) {
		faults.Add("cx.language", "must be a language tag (BCP 47), such as en or pt-BR")
	}
	if !utf8.ValidString(c.Text) {
		faults.Add("cx.text", "must be UTF-8")
	}
}

// named is a field's path below "cx." and its value.
type named struct{ name, value string }

func (c *CX) validateIDs(faults *Errors) {
	for _, f := range [...]named{
		{"conversation_id", c.ConversationID}, {"parent_conversation_id", c.ParentConversationID},
		{"leg_id", c.LegID}, {"agent_id", c.AgentID}, {"case_id", c.CaseID}, {"survey_id", c.SurveyID},
		{"about_conversation_id", c.AboutConversationID}, {"account_id", c.AccountID}, {"order_id", c.OrderID},
		{"commitment_id", c.CommitmentID}, {"handoff_id", c.HandoffID},
	} {
		if reason := idFault(f.value, MaxFieldBytes); reason != "" && f.value != "" {
			faults.Add("cx."+f.name, reason)
		}
	}
}

func (c *CX) validateWords(faults *Errors) {
	for _, f := range [...]named{
		{"team", c.Team}, {"queue", c.Queue}, {"skill", c.Skill}, {"topic", c.Topic},
		{"disposition", c.Disposition}, {"priority", c.Priority}, {"product", c.Product},
		{"entitlement", c.Entitlement}, {"model", c.Model},
	} {
		if reason := wordFault(f.value, MaxFieldBytes); reason != "" {
			faults.Add("cx."+f.name, reason)
		}
	}
}

func (c *CX) validateEnums(faults *Errors) {
	switch c.Direction {
	case "", DirectionInbound, DirectionOutbound:
	default:
		faults.Add("cx.direction", "must be inbound or outbound")
	}
	switch c.AuthorRole {
	case "", AuthorCustomer, AuthorHuman, AuthorAI, AuthorIVR, AuthorSystem:
	default:
		faults.Add("cx.author_role", "must be customer, human, ai, ivr or system")
	}
	switch c.TransferKind {
	case "", TransferWarm, TransferCold:
	default:
		faults.Add("cx.transfer_kind", "must be warm or cold")
	}
	switch c.Resolution {
	case "", ResolutionConfirmed, ResolutionAssumed, ResolutionNone:
	default:
		faults.Add("cx.resolution", "must be confirmed, assumed or none")
	}
	switch c.Survey {
	case "", SurveyCSAT, SurveyNPS, SurveyCES:
	default:
		faults.Add("cx.survey", "must be csat, nps or ces")
	}
	switch c.SurveyKind {
	case "", SurveyRelationship, SurveyTransactional:
	default:
		faults.Add("cx.survey_kind", "must be relationship or transactional")
	}
}

// MaxSeconds and MaxCost bound what one event may say of a time (366 days: more is not in seconds) and of a cost. Reports add them up
// as whole milliseconds and billionths, in 64 bits.
const (
	MaxSeconds = 366 * 24 * 60 * 60
	MaxCost    = 1e9
)

func (c *CX) validateNumbers(faults *Errors) {
	for _, f := range [...]struct {
		name  string
		value *float64
	}{{"wait_s", c.WaitS}, {"talk_s", c.TalkS}, {"hold_s", c.HoldS}, {"wrap_s", c.WrapS}} {
		if f.value != nil && (!finite(*f.value) || *f.value < 0 || *f.value > MaxSeconds) {
			faults.Add("cx."+f.name, "must be a number of seconds from 0 to 31622400, 366 days")
		}
	}
	if c.Cost != nil && (!finite(*c.Cost) || *c.Cost < 0 || *c.Cost > MaxCost) {
		faults.Add("cx.cost", "must be a number from 0 to 1000000000")
	}
	if c.Sentiment != nil && (!finite(*c.Sentiment) || math.Abs(*c.Sentiment) > 1) {
		faults.Add("cx.sentiment", "must be between -1 and 1")
	}
	if c.Turn < 0 {
		faults.Add("cx.turn", "must be at least 0")
	}
	if c.Tokens != nil && *c.Tokens < 0 {
		faults.Add("cx.tokens", "must be at least 0")
	}
}

// validateScore keeps a score that its own scale does not have out of every mean.
func (c *CX) validateScore(faults *Errors) {
	low, high := math.Inf(-1), math.Inf(1)
	switch {
	case c.Scale != "":
		var ok bool
		if low, high, ok = ParseScale(c.Scale); !ok {
			faults.Add("cx.scale", `must be two numbers, the lower first, such as "1-5" or "0-10"`)
			return
		}
	case c.Survey == SurveyNPS:
		low, high = 0, 10
	}
	if c.Score == nil {
		return
	}
	if !finite(*c.Score) || *c.Score < low || *c.Score > high {
		faults.Add("cx.score", "must be a finite number within its scale")
	}
}

func (c *CX) validateMoney(faults *Errors) {
	switch {
	case c.Amount == "" && c.Currency == "":
		return
	case c.Amount == "":
		faults.Add("cx.amount", "must be given with a currency")
	case !ValidAmount(c.Amount):
		faults.Add("cx.amount", "must be a decimal number of at most 30 digits before and 8 after the point, without exponent")
	}
	switch {
	case c.Currency == "":
		faults.Add("cx.currency", "must be given with an amount")
	case !ValidCurrency(c.Currency):
		faults.Add("cx.currency", "must be an ISO 4217 code in capitals, such as EUR")
	}
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func (c *CX) validateConsent(faults *Errors) {
	switch c.Consent {
	case "", ConsentGranted, ConsentRefused, ConsentPending:
	default:
		faults.Add("cx.consent", "must be granted, refused or pending")
	}
	switch {
	case c.Purpose != "" && !ValidPurpose(c.Purpose):
		faults.Add("cx.purpose", `must be a machine name, such as marketing, or "*"`)
	case c.Purpose == "" && c.Consent != "":
		faults.Add("cx.purpose", `must be given with consent: marketing, service, profiling, another machine name, or "*"`)
	}
	for _, f := range [...]named{{"legal_basis", c.LegalBasis}, {"evidence", c.Evidence}} {
		if reason := wordFault(f.value, MaxFieldBytes); reason != "" {
			faults.Add("cx."+f.name, reason)
		}
	}
	switch {
	case c.ValidUntil.IsZero():
	case !inRange(c.ValidUntil) || !c.ValidUntil.Equal(millis(c.ValidUntil)):
		faults.Add("cx.valid_until", "must be to the millisecond, between the years 1900 and 2261")
	case c.Consent == ConsentRefused:
		faults.Add("cx.valid_until", "must not be given with a refusal, which stands until a later grant")
	}
}

// ValidPurpose says whether s can name a purpose of CX.Purpose: "*", or 1 to MaxPurposeBytes lower-case
// letters, digits, "_", "-" and ".", beginning with a letter or digit.
func ValidPurpose(s string) bool {
	if s == AnyPurpose {
		return true
	}
	if s == "" || len(s) > MaxPurposeBytes || !lowerOrDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !lowerOrDigit(c) && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func (c *CX) validateMembership(faults *Errors) {
	switch c.AccountKind {
	case "", AccountCompany, AccountHousehold, AccountContract:
	default:
		faults.Add("cx.account_kind", "must be company, household or contract")
	}
	if c.AccountRole != "" && (c.AccountRole == AnyPurpose || !ValidPurpose(c.AccountRole)) {
		faults.Add("cx.account_role", "must be a machine name, such as owner, payer or user")
	}
	if c.AccountID == "" && (c.AccountKind != "" || c.AccountRole != "" || !c.ValidFrom.IsZero()) {
		faults.Add("cx.account_id", "must be given with account_kind, account_role or valid_from")
	}
	switch {
	case c.ValidFrom.IsZero():
	case !inRange(c.ValidFrom) || !c.ValidFrom.Equal(millis(c.ValidFrom)):
		faults.Add("cx.valid_from", "must be to the millisecond, between the years 1900 and 2261")
	case !c.ValidUntil.IsZero() && c.ValidUntil.Before(c.ValidFrom):
		faults.Add("cx.valid_from", "must not be after valid_until")
	}
}
