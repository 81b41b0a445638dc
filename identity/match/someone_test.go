package match

import "pgregory.net/rapid"

// someone makes a record of one of a few people, with slips, so that records hang together in
// every way.
func someone(t *rapid.T, id string) *Record {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	r := &Record{ID: id}
	r.Names = []PersonName{{
		Given:  pick("given", "", "William", "Bill", "Anna", "Ann", "Jonh", "John", "J"),
		Family: pick("family", "Smith", "Smyth", "Miller", "Smith Jr", "Smith Sr", ""),
	}}
	if v := pick("birth", "", "1970-01-02", "1970-02-01", "1970-01-03", "1981-11-30"); v != "" {
		r.Births = []string{v}
	}
	for _, v := range []string{pick("mail", "", "a.smith7@x.org", "asmith@x.org", "a.smth7@x.org", "b.miller12@y.org"), pick("mail2", "", "", "team@z.org")} {
		if v != "" {
			r.Emails = append(r.Emails, v)
		}
	}
	if v := pick("phone", "", "+1 206 741 2260", "206-741-2260", "2067412261", "4259990017"); v != "" {
		r.Phones = []string{v}
	}
	if v := pick("city", "", "Seattle", "Renton"); v != "" {
		r.Addresses = []Address{{Line: pick("line", "", "12 Oak St", "12 Oak Street", "14 Oak St"), City: v}}
	}
	if v := pick("account", "", "", "A100", "A101", "B733"); v != "" {
		r.IDs = []ID{{"account", v}}
	}
	return r
}

var testSchema = Schema{IDs: []IDKind{{Name: "account", Several: true}}}
