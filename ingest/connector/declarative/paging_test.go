package declarative

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"tributary/ingest/connector/kit"
)

// records are of a stream, oldest first.
const records = `[
  {"id": 1, "changed": "2026-04-14T10:00:00Z", "state": "open"},
  {"id": 2, "changed": "2026-04-14T11:00:00Z", "state": "open"},
  {"id": 3, "changed": "2026-04-15T10:00:00Z", "state": "shut"},
  {"id": 4, "changed": "2026-04-16T10:00:00Z", "state": "open"},
  {"id": 5, "changed": "2026-04-17T10:00:00Z", "state": "open"}
]`

// pulling is a file that pulls, but for its authorisation and its stream.
const pulling = `
version: 1
name: paged
title: Paged
summary: An API of one list.
docs: [https://developers.example.com]
settings:
  - {name: base_url, kind: url, default: "https://api.example.com", summary: The address.}
  - {name: api_key, kind: secret, required: true, summary: The key.}
  - {name: account, required: true, summary: The account.}
pull:
  auth: %s
  streams:
    - name: things
      mapping: thing
%s
mappings:
  thing:
    id: '"\(.id):\(.changed)"'
    at: .changed
    events:
      - name: case.updated
        cx: {case_id: .id, disposition: .state}
samples: {since: 2026-04-15T00:00:00Z}
`

// Every kind of paging, authorisation, and way to ask for a time, passes the conformance kit: every record
// comes once, through faults, restarts and changes meanwhile.
func TestPagingPassesTheKit(t *testing.T) {
	for _, c := range []struct{ name, auth, stream string }{
		{"cursor", "{bearer: api_key}", `
      path: /v1/{account}/things
      items: .data.things[]
      paging: {cursor: {from: .data.meta.next, param: after}}
      since: {field: .changed, param: changed_since}`},
		{"cursor by POST", "{header: {name: X-Key, secret: api_key, prefix: 'Token '}}", `
      path: /v1/things/search
      method: POST
      body: {filter: {kind: thing}, limit: 2}
      items: .things[]
      paging: {cursor: {from: .next, param: cursor}, more: .has_more}
      since: {field: .changed, param: from, format: unix_ms}`},
		{"next address", "{basic: {user: account, password: api_key}}", `
      path: /v1/things
      query: {limit: "2"}
      paging: {next: .links.next}
      items: .things[]
      since: {field: .changed, param: since, format: unix, overlap: 1m}`},
		{"link header", "{basic: {user: api_key}}", `
      path: /v1/things
      paging: {link: true}
      since: {field: .changed, param: since}`},
		{"page number", "{query: {name: key, secret: api_key}}", `
      path: /v1/things
      paging: {page: {param: page, first: 1}}
      since: {field: .changed, param: since, format: "2006-01-02 15:04:05", ordered: true}`},
		{"offset", "{bearer: api_key}", `
      path: /v1/things
      items: .things[]
      paging: {offset: {param: skip}}
      since: {field: .changed, param: since, ordered: true}`},
		{"cursor, without a parameter for the time", "{bearer: api_key}", `
      path: /v1/things
      items: .things[]
      paging: {cursor: {from: .next, param: cursor}}
      since: {field: .changed}`},
		{"by the day", "{bearer: api_key}", `
      path: /v1/things
      items: .things[]
      paging: {cursor: {from: .next, param: cursor}}
      since: {field: .changed, param: on_or_after, format: date}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse(fmt.Appendf(nil, pulling, c.auth, c.stream))
			if err != nil {
				t.Fatal(err)
			}
			passes(t, f, fstest.MapFS{"pull/things.json": {Data: []byte(records)}})
		})
	}
}

// passes puts a file to the kit with golden files that are made on the spot: what is made of records is
// tested elsewhere.
func passes(t *testing.T, f *File, samples fstest.MapFS) {
	t.Helper()
	subject := f.Subject(fs.FS(samples))
	golden, err := kit.Golden(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range golden {
		samples[name] = &fstest.MapFile{Data: text}
	}
	for _, r := range kit.Check(t.Context(), subject) {
		for _, found := range r.Findings {
			t.Errorf("%s: %s", r.Name, found)
		}
		if r.Blocked != "" {
			t.Errorf("%s: not checked, for %s", r.Name, r.Blocked)
		}
	}
}

const calling = `
version: 1
name: called
title: Called
summary: A webhook.
docs: [https://developers.example.com]
settings:
  - {name: webhook_secret, kind: secret, required: true, summary: The secret.}
  - {name: user, required: true, summary: The name.}
webhook:
  signature: %s
  format: %s
  mapping: thing
mappings:
  thing:
    id: .id
    events: [{name: case.opened, cx: {case_id: .id}}]
`

// Every kind of signature passes the conformance kit: wrong, missing, changed and old ones are refused.
func TestSignaturesPassTheKit(t *testing.T) {
	for name, signature := range map[string]string{
		"hmac":           "{hmac: {secret: webhook_secret, header: X-Signature}}",
		"hmac of time":   "{hmac: {secret: webhook_secret, header: X-Signature, algorithm: sha512, encoding: base64, prefix: v1=, signed: 'v1:{timestamp}:{body}', timestamp: {header: X-Time, tolerance: 1m}}}",
		"hmac, rotating": "{hmac: {secret: webhook_secret, header: X-Signature, algorithm: sha1, separator: ','}}",
		"bearer":         "{bearer: webhook_secret}",
		"basic":          "{basic: {user: user, password: webhook_secret}}",
		"header":         "{header: {name: X-Token, secret: webhook_secret}}",
	} {
		t.Run(name, func(t *testing.T) {
			format, sample := "json", fstest.MapFS{"webhook/one.json": {Data: []byte(`{"id": 1, "text": "a"}`)}}
			if name == "bearer" {
				format, sample = "form", fstest.MapFS{"webhook/one.form": {Data: []byte(`id=1&text=a+b`)}}
			}
			f, err := Parse(fmt.Appendf(nil, calling, signature, format))
			if err != nil {
				t.Fatal(err)
			}
			passes(t, f, sample)
		})
	}
}

func TestNextLink(t *testing.T) {
	for header, want := range map[string]string{
		`<https://api.example.com/a?page=2>; rel="next"`:          "https://api.example.com/a?page=2",
		`</a?x=1,2>; rel="prev", </a?x=3,4>; rel=next; title="b"`: "/a?x=3,4",
		`</a>; rel="prev", </b>; rel="last"`:                      "",
		`</a>; title="rel=next"`:                                  "",
		"":                                                        "",
		`<broken; rel="next"`:                                     "",
		`</1>; rel="first",</2>;rel="next",</9>;rel="last"`:       "/2",
	} {
		if got := nextLink([]string{header}); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if got := nextLink([]string{`</1>; rel="first"`, `</2>; rel="next"`}); got != "/2" {
		t.Errorf("of two headers: %q", got)
	}
}

func TestFaultsAreAllReportedWithTheirPaths(t *testing.T) {
	_, err := Parse([]byte(`
version: 2
name: Bad Name
summary: s
settings:
  - {name: key, kind: secret, summary: s}
  - {name: key, kind: colour}
webhook:
  signature: {bearer: key, none: because}
  format: xml
  items: .a |
  mapping: nobody
  reply: {status: 500}
pull:
  auth: {bearer: token, header: {secret: key}}
  headers: {X-Key: "{key}"}
  rate: {requests: 0, per: 1m}
  streams:
    - path: things
      method: PUT
      query: {a: "{nothing}"}
      mapping: thing
      paging: {link: true, page: {first: 1}}
      since: {param: since}
    - {name: b, path: /b, body: {a: 1}, mapping: thing, paging: {cursor: {param: c}}}
mappings:
  thing: {id: .id, events: [{name: case.opend}]}
samples: {since: soon, settings: {other: 1}}
`))
	if err == nil {
		t.Fatal("all of it is taken")
	}
	for _, want := range []string{
		"version: 2 is not known", "name: must be lower-case", "title: must be given", "settings[1].name: must be given, and once", "settings[1].summary: must",
		`settings[1].kind: "colour" is none of`, "webhook.signature: must be one of", "webhook.format: must be", "webhook.items: is not jq",
		`webhook.mapping: "nobody" is none`, "webhook.reply.status: must be", `pull.base: "base_url" is none`, "pull.auth: must be one of", `pull.auth.bearer: "token" is none`,
		"pull.auth.header.name: must be given", "pull.headers.X-Key: holds the secret key", "pull.rate: needs", "pull.streams[0].name: must", "pull.streams[0].method: must",
		"pull.streams[0].path: must begin", `pull.streams[0].query.a: "nothing" is none`, "pull.streams[0].paging: must be one of", "pull.streams[0].paging: needs param",
		"pull.streams[0].since.field: must", "pull.streams[1].body: belongs to POST", "pull.streams[1].paging.cursor: needs from and param",
		"mappings.thing.events[0].name", "did you mean case.opened?", "samples.since: must be an ISO", `samples.settings.other: "other" is none`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestUnknownKeysAreReportedWithTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"version: 1\nname: a\nwebhok: {}":                          "[3:1]",
		"version: 1\npull:\n  streams:\n    - pth: /a":             "[4:7]",
		"version: 1\nmappings:\n  a:\n    events:\n      - nam: x": "[5:9]",
		"version: 1\npull: {rate: {per: soon}}":                    "span of time",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(calling, "{bearer: webhook_secret}", "json")))
	f.Add([]byte(fmt.Sprintf(pulling, "{bearer: api_key}", "      path: /a\n      paging: {link: true}")))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = Parse(text) // must not panic
	})
}
