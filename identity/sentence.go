package identity

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tributary/ingest/event"
)

// Sentence says something in plain words. What sources and customers wrote stands in Values of its
// clauses alone: Text is in words of this package, so that nobody takes theirs for ours.
type Sentence struct {
	Clauses []Clause
	// Score is that of what it tells of; there only if Scored.
	Score  Bits
	Scored bool
}

// Clause is a part of a sentence about one field.
type Clause struct {
	Text    string
	Against bool     // speaks against one person
	Field   string   // name of a field or an identifier type, which a source may have chosen; or empty
	Values  []string // what it says there on either side; one where both say the same
}

// Text is the sentence without any values.
func (s *Sentence) Text() string { return s.write(func(*strings.Builder, *Clause) {}) }

// String is the sentence with all values, quoted: for a person to read.
func (s *Sentence) String() string {
	return s.write(func(b *strings.Builder, c *Clause) {
		for i, v := range c.Values {
			switch {
			case i > 0:
				b.WriteString(" and ")
			case len(c.Values) > 1:
				b.WriteString(": ")
			default:
				b.WriteString(" ")
			}
			b.WriteString(strconv.Quote(v))
		}
	})
}

func (s *Sentence) write(values func(*strings.Builder, *Clause)) string {
	var b strings.Builder
	for i := range s.Clauses {
		c := &s.Clauses[i]
		switch {
		case i == 0:
			b.WriteString(strings.ToUpper(c.Text[:1]) + c.Text[1:]) // texts are ours, and begin with a plain letter
			values(&b, c)
			continue
		case c.Against && !s.Clauses[i-1].Against:
			b.WriteString(", but ")
		case i == len(s.Clauses)-1 || s.Clauses[i+1].Against && !c.Against:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(c.Text)
		values(&b, c)
	}
	if s.Scored {
		fmt.Fprintf(&b, " (%+.1f bits)", math.Round(s.Score.Float()*10)/10+0) // no negative zero
	}
	return b.String()
}

// sayer returns what one side says in a field, "" for nothing.
type sayer func(field string) string

// sayer is that of an observation, and where it says nothing, of others on its side.
func (x *explainer) sayer(n int32, side []int32) sayer {
	return func(field string) string {
		if said := saidIn(x.nodes[n].obs, field); said != "" {
			return said
		}
		for _, m := range side {
			if said := saidIn(x.nodes[m].obs, field); said != "" {
				return said
			}
		}
		return ""
	}
}

// The field that a sentence calls the name, whatever parts were compared.
const fieldName = "name"

// attributesOf are the attributes that a field of a Weighing is about.
var attributesOf = map[string][]string{
	"birth_date": {event.AttrBirthDate}, "sex": {event.AttrGender}, "organisation": {event.AttrCompany},
	"address": {event.AttrStreet}, "place": {event.AttrPostcode, event.AttrCity},
}

// partOfName are the fields of a Weighing that compare one part of a name each.
var partOfName = map[string]string{
	"given_name": event.AttrFirstName, "family_name": event.AttrLastName, "other_names": event.AttrMiddleName,
}

// saidIn returns what an observation says in a field.
func saidIn(o *Observation, field string) string {
	value := func(name string) string {
		i := slices.IndexFunc(o.Attributes, func(a Attribute) bool { return a.Name == name })
		if i < 0 {
			return ""
		}
		return o.Attributes[i].Value
	}
	words := func(names ...string) string {
		var list []string
		for _, name := range names {
			if v := value(name); v != "" {
				list = append(list, v)
			}
		}
		return strings.Join(list, " ")
	}
	switch names := attributesOf[field]; {
	case names != nil:
		return words(names...)
	case field == fieldName:
		if parts := words(event.AttrFirstName, event.AttrMiddleName, event.AttrLastName, event.AttrSuffix); parts != "" {
			return parts
		}
		return value(event.AttrName)
	case partOfName[field] != "":
		if part := value(partOfName[field]); part != "" {
			return part
		}
		return partOf(o, field)
	case field == "mailbox":
		field = event.IDEmail
	}
	if i := slices.IndexFunc(o.Identifiers, func(id Identifier) bool { return id.Type == field }); i >= 0 {
		return o.Identifiers[i].Value
	}
	return value(field)
}

// partOf returns the first or the last word of a name that is given as a whole.
func partOf(o *Observation, field string) string {
	name, ok := nameOf(o.Attributes)
	switch {
	case !ok || field == "other_names":
		return ""
	case field == "given_name":
		return name.tokens[0]
	default:
		return name.last()
	}
}

// both returns a clause about a field with what both sides say there.
func both(text, field string, a, b sayer) Clause {
	c := Clause{Text: text, Field: field}
	for _, said := range []string{a(field), b(field)} {
		if said != "" && !slices.Contains(c.Values, said) {
			c.Values = append(c.Values, said)
		}
	}
	return c
}

// nouns call the fields of a Weighing and the identifier types that every workspace has by a name.
var nouns = map[string]string{
	event.IDUser: "user id", event.IDEmail: "e-mail", event.IDPhone: "telephone", event.IDAnonymous: "browser", event.IDDevice: "device",
	fieldName: "name", "given_name": "first name", "family_name": "last name", "other_names": "rest of the name",
	"birth_date": "birth date", "sex": "sex", "address": "address", "place": "place", "mailbox": "mailbox", "organisation": "company",
}

// noun never repeats a name that a source chose.
func noun(field string) string {
	switch known, ok := nouns[field]; {
	case ok:
		return known
	case strings.HasSuffix(field, kindConversation):
		return "conversation"
	case strings.Contains(field, "."):
		return "id in a source"
	default:
		return "field of a source"
	}
}

func sameValues(shared []Identifier, typ string) Clause {
	c := Clause{Text: "same " + noun(typ), Field: typ}
	for _, id := range shared {
		if id.Type == typ {
			c.Values = append(c.Values, id.Value)
			break
		}
	}
	return c
}

// sentenceJoined says why two are one.
func sentenceJoined(j *Joined, a, b sayer) Sentence {
	same := sameValues(j.Shared, j.IdentifierType)
	switch j.Rule {
	case RuleMustMerge:
		return Sentence{Clauses: []Clause{{Text: "a person decided that they are one"}}}
	case RuleScored:
		return sentenceScored(j.Weighing, a, b)
	case RuleNameAgrees:
		return Sentence{Clauses: []Clause{same, both("the name agrees", fieldName, a, b)}}
	case RuleBirthDateAgrees:
		return Sentence{Clauses: []Clause{same, both("the birth date agrees", event.AttrBirthDate, a, b)}}
	case RuleOnlyHolder:
		same.Text = "nobody else is known by the same " + noun(j.IdentifierType)
	case RuleFirstCustomer:
		return Sentence{Clauses: []Clause{same, {Text: "this customer was the first to be known there"}}}
	case RuleConversation, RuleDevice:
		return Sentence{Clauses: []Clause{same, {Text: "nothing speaks against one person"}}}
	default:
		if strings.HasPrefix(j.Rule, compoundRule) {
			return sentenceCompound(j, a, b)
		}
	}
	return Sentence{Clauses: []Clause{same}}
}

// sentenceCompound says that both parts of a compound identifier are equal.
func sentenceCompound(j *Joined, a, b sayer) Sentence {
	var s Sentence
	for typ := range strings.SplitSeq(j.IdentifierType, "+") {
		s.Clauses = append(s.Clauses, both("same "+noun(typ), typ, a, b))
	}
	return s
}

// tellingBits is the least that a field weighs to be named in a sentence.
const tellingBits = Bit / 2

// sentenceScored names the fields that decide a score.
func sentenceScored(w *Weighing, a, b sayer) Sentence {
	s := Sentence{Score: w.Score, Scored: true}
	for _, against := range []bool{false, true} {
		n := 0
		for _, f := range asNamed(w.Fields) {
			if f.Bits < 0 != against || max(f.Bits, -f.Bits) < tellingBits || n == 4 {
				continue
			}
			c := both(wording(f), f.Field, a, b)
			c.Against = against
			if f.Level == "equal" && len(c.Values) > 1 {
				c.Values = c.Values[:1] // equal as compared
			}
			s.Clauses = append(s.Clauses, c)
			n++
		}
	}
	if len(s.Clauses) == 0 {
		s.Clauses = []Clause{{Text: "little is known of them"}}
	}
	return s
}

// asNamed puts the parts of a name together, if they say the same for or against one person.
func asNamed(fields []FieldBits) []FieldBits {
	name := FieldBits{Field: fieldName}
	at, agree, differ := -1, false, false
	for i, f := range fields {
		if partOfName[f.Field] == "" {
			continue
		}
		if at < 0 {
			at, name.Level = i, f.Level
		} else if f.Level != name.Level {
			name.Level = "in parts"
		}
		name.Bits += f.Bits
		agree, differ = agree || f.Bits >= tellingBits, differ || f.Bits <= -tellingBits
	}
	if at < 0 || agree && differ {
		return fields
	}
	var out []FieldBits
	for i, f := range fields {
		if i == at {
			out = append(out, name)
		} else if partOfName[f.Field] == "" {
			out = append(out, f)
		}
	}
	return out
}

// wording says what a field says.
func wording(f FieldBits) string {
	switch {
	case f.Level == "equal":
		return "same " + noun(f.Field)
	case f.Bits < 0:
		return "the " + noun(f.Field) + " differs"
	case f.Field == fieldName || partOfName[f.Field] != "":
		return "the " + noun(f.Field) + " agrees"
	default:
		return "the " + noun(f.Field) + " agrees (" + f.Level + ")" // a word of the matcher's
	}
}

// sentenceApart says why two are not one. mute is why what they share joins nobody, if so.
func sentenceApart(p *Apart, mute string, a, b sayer) Sentence {
	var s Sentence
	var shared []Clause
	if p.Weighing != nil {
		s = sentenceScored(p.Weighing, a, b)
	}
	for _, id := range p.Shared { // what no score weighs stands in front
		of := func(c Clause) bool { return c.Field == id.Type }
		if !slices.ContainsFunc(s.Clauses, of) && !slices.ContainsFunc(shared, of) {
			shared = append(shared, sameValues(p.Shared, id.Type))
		}
	}
	s.Clauses = append(shared, s.Clauses...)
	reason := refusalClause(p.Refused, a, b)
	if mute != "" && p.Weighing == nil {
		reason = refusalClause(mute, a, b)
	}
	s.Clauses = slices.DeleteFunc(s.Clauses, func(c Clause) bool { return c.Against && c.Field == reason.Field && c.Field != "" })
	s.Clauses = append(s.Clauses, reason)
	return s
}

// refusals say why two are not one.
var refusals = map[string]Clause{
	RuleNeverMerge:         {Text: "a person decided that they are two"},
	RuleDifferentName:      {Text: "the names differ", Field: fieldName},
	RuleDifferentBirthDate: {Text: "the birth dates differ", Field: event.AttrBirthDate},
	RuleDifferentAddress:   {Text: "they are reached at other places", Field: event.IDEmail},
	RuleUncertain:          {Text: "that is too little to be sure, and enough to ask a person"},
	RuleContradiction:      {Text: "something in it rules one person out"},
	RuleTooLittle:          {Text: "that is too little"},
	RuleNothingElse:        {Text: "nothing else says that they are one"},
	RuleBetween:            {Text: "it would fit two that contradict each other"},
	RuleUnconnected:        {Text: "nothing connects them"},
	RuleAmbiguous:          {Text: "it may be one of several"},
	RuleGeneric:            {Text: "too many use that for it to tell anything"},
	RuleBlocked:            {Text: "that is blocked"},
}

func refusalClause(refused string, a, b sayer) Clause {
	c, ok := refusals[refused]
	if typ, found := strings.CutPrefix(refused, exclusiveRule); found && !ok {
		c, ok = Clause{Text: "each has a " + noun(typ) + " of its own", Field: typ}, true
		if a(typ) == "" || b(typ) == "" { // one lies between two that have
			c = Clause{Text: "it would fit two that each have a " + noun(typ) + " of their own"}
		}
	}
	if typ, found := strings.CutPrefix(refused, limitRule); found && !ok {
		c, ok = Clause{Text: "together they would hold more of one kind than the rules allow: " + noun(typ)}, true
	}
	if !ok {
		c = Clause{Text: "a rule keeps them apart", Field: "rule", Values: []string{refused}}
	} else if c.Field != "" {
		c = both(c.Text, c.Field, a, b)
	}
	c.Against = true
	return c
}

// sentenceAlone says why an observation is in no profile.
func sentenceAlone(a Assignment, o *Observation, mute func(Identifier) string) Sentence {
	var s Sentence
	for _, id := range o.Identifiers {
		if a.Reason.IdentifierType == id.Type || a.Reason.IdentifierType == "" && mute(id) == a.Reason.Rule {
			s.Clauses = append(s.Clauses, Clause{Text: "known by this " + noun(id.Type), Field: id.Type, Values: []string{id.Value}})
			break
		}
	}
	nobody := func(string) string { return "" }
	return Sentence{Clauses: append(s.Clauses, refusalClause(a.Reason.Rule, nobody, nobody))}
}
