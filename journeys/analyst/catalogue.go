package analyst

import (
	"strings"

	"tributary/ingest/event"
	"tributary/profiles"
)

// groups are the names of the vocabulary whose events a reader sees, and what stands before the dot of those that
// the reader does not.
func groups(r *Reader) (shown, hidden []string) {
	hidden = append([]string{}, profiles.EventGroups(func(class string) bool { return !r.Sees(class) })...)
	shown = []string{}
	for _, name := range event.Names() {
		group, _, _ := strings.Cut(name, ".")
		for _, ok := range profiles.EventGroups(r.Sees) {
			if group == ok {
				shown = append(shown, name)
			}
		}
	}
	return shown, hidden
}

// views are what statements may read. Types are the engine's.
var views = []View{
	{Name: "events", of: "analyst_events", parameters: ofEvents, Columns: columns(eventColumns), Description: "What happened: a row for each event that the key's " +
		"purpose and reader may see, with the profile that it is of now. Order by (at, message_id)."},
	{Name: "conversations", of: "analyst_conversations", parameters: ofEvents, Columns: columns(conversationColumns),
		Description: "A row for each conversation, made of its events."},
	{Name: "profiles", of: "analyst_profiles", parameters: ofPeople, Columns: columns(profileColumns),
		Description: "A row for each profile that there is now, as last published."},
	{Name: "segments", of: "analyst_segments", parameters: ofPeople, Columns: columns(segmentColumns),
		Description: "A row for each segment that a profile is in, as last published: a second or two after it was judged."},
	{Name: "identities", of: "analyst_identities", parameters: ofPeople, Columns: columns(identityColumns),
		Description: "The profile now of each observation that ever was another profile's than its own."},
}

// columns reads lines of name, type, class and description, with | between.
func columns(text string) (list []Column) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 4)
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		list = append(list, Column{Name: f[0], Type: f[1], Class: f[2], Description: f[3]})
	}
	return list
}

const eventColumns = `
	profile | UUID | meta | the profile that the event is of now
	observation | UUID | meta | what the source said it of; never changes
	source | LowCardinality(String) | provenance | what it came from
	message_id | String | | its id within the source
	type | LowCardinality(String) | | track, identify, page, screen, group, alias
	name | LowCardinality(String) | | such as conversation.started, or a product event's own
	channel | LowCardinality(String) | | web, email, chat, voice, …
	at | DateTime64(3, 'UTC') | | when it happened, corrected
	received_at | DateTime64(3, 'UTC') | meta | when it was received
	original_at | DateTime64(3, 'UTC') | | when it happened by the client's clock
	client_order | Int64 | | the client's own order; 0: none
	conversation_id | String | |
	parent_conversation_id | String | |
	leg_id | String | | a part of a conversation, with one agent
	turn | Int64 | | 0: not said
	direction | LowCardinality(String) | | inbound or outbound
	author_role | LowCardinality(String) | | customer, human, ai, ivr, system
	agent_id | LowCardinality(String) | |
	team | LowCardinality(String) | |
	queue | LowCardinality(String) | |
	skill | LowCardinality(String) | |
	case_id | String | |
	topic | LowCardinality(String) | | what a source or model called it: not to be trusted
	disposition | LowCardinality(String) | |
	priority | LowCardinality(String) | |
	language | LowCardinality(String) | |
	sentiment | Nullable(Float64) | conversation |
	transfer_kind | LowCardinality(String) | |
	wait_s | Nullable(Float64) | | seconds; likewise the three that follow
	talk_s | Nullable(Float64) | |
	hold_s | Nullable(Float64) | |
	wrap_s | Nullable(Float64) | |
	resolution | LowCardinality(String) | | confirmed, assumed, none
	survey_id | String | satisfaction |
	survey | LowCardinality(String) | satisfaction | csat, nps, ces
	survey_kind | LowCardinality(String) | satisfaction | relationship or transactional
	about_conversation_id | String | satisfaction | the conversation that a survey is about
	score | Nullable(Float64) | satisfaction |
	scale | LowCardinality(String) | satisfaction | as declared: 1-5, 0-10
	amount | Nullable(Decimal(38, 8)) | money | of the currency beside it
	currency | LowCardinality(String) | money | ISO 4217
	product | LowCardinality(String) | money |
	entitlement | LowCardinality(String) | money |
	order_id | String | money |
	account_id | String | account |
	text | String | content | somebody's own words: not to be trusted
	properties | String | * | JSON as received; it may hold anything, so a reader who does not see every class does not see it
	model | LowCardinality(String) | provenance | of an AI agent
	tokens | Nullable(Int64) | provenance |
	cost | Nullable(Float64) | provenance |
	consent | LowCardinality(String) | consent | granted, refused or pending
	purpose | LowCardinality(String) | consent | what was agreed to`

const conversationColumns = `
	conversation_id | String | conversation |
	profile | UUID | meta | of its first event, as it is now
	source | LowCardinality(String) | provenance | of its first event
	channel | LowCardinality(String) | conversation | of the first event that says one
	started_at | DateTime64(3, 'UTC') | conversation | of its first event
	ended_at | DateTime64(3, 'UTC') | conversation | of its last event
	events | UInt64 | conversation |
	messages | UInt64 | conversation |
	customer_messages | UInt64 | conversation |
	ai_messages | UInt64 | conversation |
	human_messages | UInt64 | conversation |
	agents | Array(String) | conversation | ascending, as the three that follow
	teams | Array(String) | conversation |
	queues | Array(String) | conversation |
	topics | Array(String) | conversation |
	wait_s | Nullable(Float64) | conversation | seconds, to the millisecond; sums over its events, as the three that follow
	talk_s | Nullable(Float64) | conversation |
	hold_s | Nullable(Float64) | conversation |
	wrap_s | Nullable(Float64) | conversation |
	transfers | UInt64 | conversation |
	handoffs | UInt64 | conversation |
	abandoned | Bool | conversation |
	resolution | LowCardinality(String) | conversation | the last that was said`

const profileColumns = `
	profile | UUID | meta |
	version | UInt64 | meta | identity_version of what stands here
	first_seen_at | DateTime64(3, 'UTC') | meta |
	last_seen_at | DateTime64(3, 'UTC') | meta |
	observations | UInt32 | meta | how many it has
	events | UInt64 | meta | how many it has
	updated_at | DateTime64(3, 'UTC') | meta | when this was published
	traits | Map(String, String) | * | JSON values by name; they may be of any class
	attributes | Map(String, String) | * | JSON values by name; they may be of any class`

const segmentColumns = `
	profile | UUID | meta segment |
	segment | LowCardinality(String) | segment | as it is declared
	since | DateTime64(3, 'UTC') | segment | by the workspace's clock`

const identityColumns = `
	observation | UUID | meta |
	profile | UUID | meta |
	version | UInt64 | meta | identity_version from which on it holds
	changed_at | DateTime64(3, 'UTC') | meta |`
