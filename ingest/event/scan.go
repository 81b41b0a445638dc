package event

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/bytedance/sonic/decoder"
	"github.com/google/uuid"
)

// scanner reads an event exactly as Encode writes it: keys in the order of the fields, no blanks
// between them, nothing unknown. Whatever else it meets makes it give up, and sonic, which takes
// all of JSON but looks every key up, reads the event instead. The two return the same; this one takes
// a little more than half of the time.
type scanner struct {
	data    []byte // its own copy: the raw objects are cut from it
	text    string // the same memory, of which the strings are cut
	at      int
	escapes bool // there are some
	more    bool // a member may follow: at the begin of an object or after a comma
	failed  bool
}

// scan reports whether it could read the event; if not, e is spoiled.
func scan(e *Event, data []byte) bool {
	escapes, ok := plainText(data)
	if !ok {
		return false
	}
	data = bytes.Clone(data)
	s := scanner{data: data, text: unsafe.String(unsafe.SliceData(data), len(data)), escapes: escapes}
	s.event(e)
	return !s.failed && s.at == len(data)
}

// plainText checks what holds for all strings at once: UTF-8, no control characters, and no
// escapes but those of JSON.
func plainText(data []byte) (escapes, ok bool) {
	if len(data) == 0 || !utf8.Valid(data) || hasControls(data) {
		return false, false
	}
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\\')
		if n < 0 {
			return escapes, true
		}
		escapes = true
		if i += n + 2; i > len(data) || !validEscape(data[i-1:]) {
			return true, false
		}
	}
}

func validEscape(after []byte) bool {
	switch after[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		if len(after) < 5 {
			return false
		}
		for _, c := range after[1:5] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		}
		return true
	}
	return false
}

// hasControls says whether a byte is less than a blank. It looks at eight at a time: a byte that is
// less than 0x20, and has not its highest bit set, borrows when 0x20 is taken away.
func hasControls(data []byte) bool {
	const lowest, highest = 0x0101010101010101, 0x8080808080808080
	for ; len(data) >= 8; data = data[8:] {
		v := binary.LittleEndian.Uint64(data)
		if (v-lowest*' ')&^v&highest != 0 {
			return true
		}
	}
	for _, c := range data {
		if c < ' ' {
			return true
		}
	}
	return false
}

func (s *scanner) event(e *Event) {
	s.open('{')
	s.string(`"workspace":`, &e.Workspace)
	s.string(`"source":`, &e.Source)
	s.string(`"message_id":`, &e.MessageID)
	s.string(`"type":`, (*string)(&e.Type))
	s.string(`"name":`, &e.Name)
	s.string(`"channel":`, (*string)(&e.Channel))
	s.time(`"original_at":`, &e.OriginalAt)
	s.time(`"sent_at":`, &e.SentAt)
	s.time(`"received_at":`, &e.ReceivedAt)
	s.time(`"at":`, &e.At)
	s.integer(`"order":`, &e.Order)
	if s.has(`"record":`) {
		e.Record = s.record()
		s.end()
	}
	if s.has(`"observation":`) {
		e.Observation = s.uuid()
		s.end()
	}
	if s.has(`"identifiers":`) {
		e.Identifiers = s.identifiers()
		s.end()
	}
	if s.has(`"attributes":`) {
		e.Attributes = s.attributes()
		s.end()
	}
	if s.has(`"participants":`) {
		e.Participants = s.participants()
		s.end()
	}
	if s.has(`"cx":`) {
		e.CX = s.cx()
		s.end()
	}
	s.raw(`"traits":`, &e.Traits)
	s.raw(`"properties":`, &e.Properties)
	s.raw(`"context":`, &e.Context)
	s.close('}')
}

func (s *scanner) record() *Record {
	r := new(Record)
	s.open('{')
	s.string(`"id":`, &r.ID)
	s.string(`"version":`, &r.Version)
	if s.has(`"deleted":true`) {
		r.Deleted = true
		s.end()
	}
	s.close('}')
	return r
}

func (s *scanner) identifier(id *Identifier) {
	s.open('{')
	s.string(`"type":`, &id.Type)
	s.string(`"value":`, &id.Value)
	s.close('}')
}

func (s *scanner) identifiers() []Identifier {
	ids := make([]Identifier, 0, 4)
	for s.open('['); s.more && !s.failed; s.end() {
		ids = append(ids, Identifier{})
		s.identifier(&ids[len(ids)-1])
	}
	s.close(']')
	return ids
}

func (s *scanner) participants() []Participant {
	var all []Participant
	for s.open('['); s.more && !s.failed; s.end() {
		var p Participant
		s.open('{')
		s.string(`"role":`, &p.Role)
		if s.has(`"identifier":`) {
			s.identifier(&p.Identifier)
			s.end()
		}
		s.close('}')
		all = append(all, p)
	}
	s.close(']')
	return all
}

func (s *scanner) attributes() map[string]string {
	all := map[string]string{}
	for s.open('{'); s.more && !s.failed; s.end() {
		name := s.quoted()
		s.expect(':')
		all[name] = s.quoted()
	}
	s.close('}')
	return all
}

func (s *scanner) cx() *CX {
	c := new(CX)
	s.open('{')
	s.string(`"conversation_id":`, &c.ConversationID)
	s.string(`"parent_conversation_id":`, &c.ParentConversationID)
	s.string(`"leg_id":`, &c.LegID)
	s.integer(`"turn":`, &c.Turn)
	s.string(`"direction":`, (*string)(&c.Direction))
	s.string(`"author_role":`, (*string)(&c.AuthorRole))
	s.string(`"agent_id":`, &c.AgentID)
	s.string(`"team":`, &c.Team)
	s.string(`"queue":`, &c.Queue)
	s.string(`"skill":`, &c.Skill)
	s.string(`"case_id":`, &c.CaseID)
	s.string(`"topic":`, &c.Topic)
	s.string(`"disposition":`, &c.Disposition)
	s.string(`"priority":`, &c.Priority)
	s.string(`"language":`, &c.Language)
	s.float(`"sentiment":`, &c.Sentiment)
	s.string(`"transfer_kind":`, (*string)(&c.TransferKind))
	s.float(`"wait_s":`, &c.WaitS)
	s.float(`"talk_s":`, &c.TalkS)
	s.float(`"hold_s":`, &c.HoldS)
	s.float(`"wrap_s":`, &c.WrapS)
	s.string(`"resolution":`, (*string)(&c.Resolution))
	s.string(`"survey_id":`, &c.SurveyID)
	s.string(`"survey":`, (*string)(&c.Survey))
	s.string(`"survey_kind":`, (*string)(&c.SurveyKind))
	s.string(`"about_conversation_id":`, &c.AboutConversationID)
	s.float(`"score":`, &c.Score)
	s.string(`"scale":`, &c.Scale)
	s.string(`"amount":`, &c.Amount)
	s.string(`"currency":`, &c.Currency)
	s.string(`"product":`, &c.Product)
	s.string(`"entitlement":`, &c.Entitlement)
	s.string(`"account_id":`, &c.AccountID)
	s.string(`"order_id":`, &c.OrderID)
	s.string(`"text":`, &c.Text)
	s.string(`"model":`, &c.Model)
	if s.has(`"tokens":`) {
		c.Tokens = new(s.digits())
		s.end()
	}
	s.float(`"cost":`, &c.Cost)
	s.string(`"consent":`, (*string)(&c.Consent))
	s.string(`"purpose":`, &c.Purpose)
	s.string(`"legal_basis":`, &c.LegalBasis)
	s.string(`"evidence":`, &c.Evidence)
	s.time(`"valid_until":`, &c.ValidUntil)
	s.string(`"account_kind":`, (*string)(&c.AccountKind))
	s.string(`"account_role":`, &c.AccountRole)
	s.time(`"valid_from":`, &c.ValidFrom)
	s.string(`"commitment_id":`, &c.CommitmentID)
	s.string(`"handoff_id":`, &c.HandoffID)
	s.time(`"due_at":`, &c.DueAt)
	s.close('}')
	return c
}

// fail gives up. The scanner then stands at the end, where it finds nothing more.
func (s *scanner) fail() { s.failed, s.more, s.at = true, false, len(s.text) }

// next returns the byte it stands at, 0 at the end.
func (s *scanner) next() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) expect(c byte) {
	if s.next() != c {
		s.fail()
		return
	}
	s.at++
}

// open begins an object or array. It must have a member: empty ones are rare, and sonic's.
func (s *scanner) open(bracket byte) {
	s.expect(bracket)
	s.more = !s.failed
}

// end is after a member: a comma says that another one follows.
func (s *scanner) end() {
	if s.more = s.next() == ','; s.more {
		s.at++
	}
}

// close ends an object or array, whose members are all read.
func (s *scanner) close(bracket byte) {
	if s.more {
		s.fail()
		return
	}
	s.expect(bracket)
}

// has passes over the key, if the next member has it.
func (s *scanner) has(key string) bool {
	if !s.more || !strings.HasPrefix(s.text[s.at:], key) {
		return false
	}
	s.at += len(key)
	return true
}

func (s *scanner) string(key string, to *string) {
	if s.has(key) {
		*to = s.quoted()
		s.end()
	}
}

// quoted reads a string. Escaped characters beyond ASCII are sonic's.
func (s *scanner) quoted() string {
	s.expect('"')
	if s.failed {
		return ""
	}
	rest := s.text[s.at:]
	n := strings.IndexByte(rest, '"')
	if n >= 0 && (!s.escapes || strings.IndexByte(rest[:n], '\\') < 0) {
		s.at += n + 1
		return rest[:n]
	}
	var b strings.Builder
	for {
		n := strings.IndexAny(rest, `"\`)
		if n < 0 || n+1 == len(rest) {
			s.fail()
			return ""
		}
		b.WriteString(rest[:n])
		if rest[n] == '"' {
			s.at = len(s.text) - len(rest) + n + 1
			return b.String()
		}
		c := strings.IndexByte(escaped, rest[n+1])
		if c < 0 {
			s.fail()
			return ""
		}
		b.WriteByte(escapes[c])
		rest = rest[n+2:]
	}
}

// The escapes of one character, and what they stand for.
const (
	escaped = `"\/bfnrt`
	escapes = "\"\\/\b\f\n\r\t"
)

func (s *scanner) time(key string, to *time.Time) {
	if !s.has(key) {
		return
	}
	s.expect('"')
	n := strings.IndexByte(s.text[s.at:], '"')
	if s.failed || n < 0 || to.UnmarshalText(s.data[s.at:s.at+n]) != nil {
		s.fail()
		return
	}
	s.at += n + 1
	s.end()
}

// uuid reads an id in its canonical form; others are sonic's.
func (s *scanner) uuid() (id uuid.UUID) {
	text := s.quoted()
	if len(text) != len("00000000-0000-0000-0000-000000000000") || id.UnmarshalText([]byte(text)) != nil {
		s.fail()
	}
	return id
}

func (s *scanner) integer(key string, to *int64) {
	if s.has(key) {
		*to = s.digits()
		s.end()
	}
}

func (s *scanner) digits() int64 {
	token := s.number()
	n, err := strconv.ParseInt(token, 10, 64)
	if err != nil || (token[len(token)-1] == '0' && n == 0 && token != "0") {
		s.fail() // too large, not whole, or 00 and -0
	}
	return n
}

func (s *scanner) float(key string, to **float64) {
	if !s.has(key) {
		return
	}
	token := s.number()
	f, err := strconv.ParseFloat(token, 64)
	if err != nil {
		s.fail()
		return
	}
	*to = &f
	s.end()
}

// number reads a number as Encode writes it.
func (s *scanner) number() string {
	rest := s.text[s.at:]
	n := 0
	for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || strings.IndexByte("+-.eE", rest[n]) >= 0) {
		n++
	}
	if !json.Valid(s.data[s.at : s.at+n]) {
		s.fail()
		return ""
	}
	s.at += n
	return rest[:n]
}

// raw reads an object without looking at what it means.
func (s *scanner) raw(key string, to *json.RawMessage) {
	if !s.has(key) {
		return
	}
	if s.next() != '{' {
		s.fail()
		return
	}
	start, n := decoder.Skip(s.data[s.at:])
	if start != 0 || n > 2*MaxDepth { // so large that it could be nested too deep
		s.fail()
		return
	}
	*to = s.data[s.at : s.at+n : s.at+n]
	s.at += n
	s.end()
}
