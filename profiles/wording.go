package profiles

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
)

// phrases say in plain words what an event of the vocabulary means. A name that is not here says
// nothing in our words (phraseOf).
var phrases = map[string]string{
	event.NameConversationStarted:        "Conversation started",
	event.NameConversationQueued:         "Waited in a queue",
	event.NameConversationOffered:        "Offered to an agent",
	event.NameConversationAnswered:       "An agent answered",
	event.NameConversationMessage:        "Message",
	event.NameConversationTransferred:    "Passed on to another agent or team",
	event.NameConversationIdentified:     "Customer was identified",
	event.NameConversationVerified:       "Customer was verified",
	event.NameConversationHumanRequested: "Customer asked for a human",
	event.NameConversationHandedOff:      "Handed over to a human",
	event.NameConversationAbandoned:      "Customer gave up waiting",
	event.NameConversationWrapped:        "An agent finished the work that follows a conversation",
	event.NameConversationEnded:          "Conversation ended",
	event.NameIVRStep:                    "Step in the telephone menu",
	event.NameCallbackRequested:          "Asked to be called back",
	event.NameCallbackCompleted:          "Was called back",
	event.NameCallbackFailed:             "Could not be reached for a callback",
	event.NameCaseOpened:                 "Case opened",
	event.NameCaseAssigned:               "Case assigned",
	event.NameCaseUpdated:                "Case updated",
	event.NameCaseWaiting:                "Case waits for somebody",
	event.NameCasePaused:                 "Case paused",
	event.NameCaseResumed:                "Case taken up again",
	event.NameCaseEscalated:              "Case escalated",
	event.NameCaseResolved:               "Case resolved",
	event.NameCaseReopened:               "Case reopened",
	event.NameSLAStarted:                 "Time promised for the case began to run",
	event.NameSLAPaused:                  "Time promised for the case stands still",
	event.NameSLABreached:                "Time promised for the case was exceeded",
	event.NameSLAMet:                     "Time promised for the case was kept",
	event.NameComplaintOpened:            "Complaint made",
	event.NameComplaintClosed:            "Complaint closed",
	event.NameSurveySent:                 "Survey sent",
	event.NameSurveyAnswered:             "Survey answered",
	event.NameSurveyExpired:              "Survey was not answered",
	event.NameInvoiceIssued:              "Invoice issued",
	event.NameInvoiceOverdue:             "Invoice overdue",
	event.NameInvoiceVoided:              "Invoice voided",
	event.NameInvoicePaid:                "Invoice paid",
	event.NameInvoicePaymentFailed:       "Payment of an invoice failed",
	event.NamePaymentReceived:            "Payment received",
	event.NameSubscriptionStarted:        "Subscription started",
	event.NameSubscriptionChanged:        "Subscription changed",
	event.NameSubscriptionCancelled:      "Subscription cancelled",
	event.NameRefundIssued:               "Refund given",
	event.NameCreditIssued:               "Credit given",
	event.NameDisputeOpened:              "Payment disputed",
	event.NameDisputeClosed:              "Dispute over a payment closed",
	event.NameEntitlementGranted:         "Entitlement granted",
	event.NameEntitlementExpired:         "Entitlement expired",
	event.NameOrderPlaced:                "Order placed",
	event.NameOrderShipped:               "Order shipped",
	event.NameOrderDelayed:               "Order delayed",
	event.NameOrderDelivered:             "Order delivered",
	event.NameOrderReturned:              "Order returned",
	event.NameIncidentOpened:             "Incident began",
	event.NameIncidentResolved:           "Incident resolved",
	event.NameContactUpdated:             "Contact details changed",
	event.NameAccountMemberJoined:        "Joined an account",
	event.NameAccountMemberLeft:          "Left an account",
	event.NameConsentChanged:             "Consent changed",
	event.NameAppointmentBooked:          "Appointment booked",
	event.NameAppointmentMoved:           "Appointment moved",
	event.NameAppointmentCompleted:       "Appointment took place",
	event.NameAppointmentMissed:          "Appointment missed",
	event.NameCampaignSent:               "Campaign sent",
	event.NameCampaignDelivered:          "Campaign delivered",
	event.NameCampaignFailed:             "Campaign could not be delivered",
	event.NameCampaignOpened:             "Campaign opened",
	event.NameCampaignClicked:            "Link in a campaign clicked",
	event.NameCampaignReplied:            "Campaign answered",
	event.NameCampaignUnsubscribed:       "Unsubscribed from campaigns",
	event.NameCommitmentProposed:         "Promise proposed",
	event.NameCommitmentMade:             "Promise made",
	event.NameCommitmentKept:             "Promise kept",
	event.NameCommitmentBroken:           "Promise broken",
	event.NameCommitmentWithdrawn:        "Promise withdrawn",
	event.NameHandoffOffered:             "Handover offered",
	event.NameHandoffAccepted:            "Handover accepted",
	event.NameHandoffExtended:            "Handover kept for longer",
	event.NameHandoffRead:                "Handover read",
	event.NameHandoffReturned:            "Handover given back",
	event.NameHandoffReleased:            "Handover let go",
	event.NameNoteAdded:                  "Note",
	event.NameAIAction:                   "Action taken by the AI",
	event.NameTargetSet:                  "Target set",
}

// steps are events of a contact that tell how it was handled, and little of what it was about.
var steps = map[string]bool{
	event.NameConversationQueued: true, event.NameConversationOffered: true, event.NameConversationAnswered: true,
	event.NameConversationWrapped: true, event.NameConversationIdentified: true, event.NameConversationVerified: true,
	event.NameIVRStep: true, event.NameCaseAssigned: true, event.NameSLAStarted: true, event.NameSLAPaused: true,
	event.NameSLAMet: true, event.NameSurveySent: true, event.NameSurveyExpired: true,
}

// typePhrases are for events that are not of the vocabulary.
var typePhrases = map[event.Type]string{
	event.TypeTrack: "Product event", event.TypePage: "Opened a page", event.TypeScreen: "Opened a screen of the app",
	event.TypeIdentify: "Details sent", event.TypeGroup: "Account details sent", event.TypeAlias: "Two ids linked",
}

var byChannel = map[event.Channel]string{
	event.ChannelWeb: "on the website", event.ChannelApp: "in the app", event.ChannelEmail: "by e-mail",
	event.ChannelChat: "by chat", event.ChannelVoice: "by telephone", event.ChannelSMS: "by SMS", event.ChannelRCS: "by RCS",
	event.ChannelWhatsApp: "by WhatsApp", event.ChannelSocial: "on social media", event.ChannelStore: "in a store",
	event.ChannelMail: "by post",
}

var byAuthor = map[event.AuthorRole]string{
	event.AuthorCustomer: "from the customer", event.AuthorHuman: "from an agent", event.AuthorAI: "from the AI",
	event.AuthorIVR: "from the telephone menu", event.AuthorSystem: "from the system",
}

var resolutions = map[event.Resolution]string{
	event.ResolutionConfirmed: "the customer confirmed that it is settled", event.ResolutionAssumed: "taken as settled",
	event.ResolutionNone: "not settled",
}

var surveyNames = map[event.Survey]string{event.SurveyCSAT: "CSAT", event.SurveyNPS: "NPS", event.SurveyCES: "CES"}

var itemNames = map[ItemKind]string{
	ItemConversation: "Conversation", ItemCallback: "Callback", ItemCase: "Case", ItemComplaint: "Complaint",
	ItemSubscription: "Subscription", ItemOrder: "Order", ItemBilling: "Billing", ItemDispute: "Payment dispute",
	ItemEntitlement: "Entitlement",
}

// identifierNames are the types that every workspace has, in the order in which they are told.
var identifierNames = []struct{ typ, name string }{
	{event.IDUser, "user id"}, {event.IDEmail, "e-mail"}, {event.IDPhone, "telephone"},
	{event.IDAnonymous, "browser id"}, {event.IDDevice, "device id"},
}

// ruleNames say by what records were taken for one person's.
var ruleNames = []struct{ rule, words string }{
	{identity.RuleMustMerge, "a person's decision"},
	{"same_" + event.IDUser, "the same user id"},
	{identity.RuleNameAgrees, "a shared e-mail or telephone with agreeing names"},
	{identity.RuleBirthDateAgrees, "a shared e-mail or telephone with agreeing birth dates"},
	{identity.RuleConversation, "the same conversation"},
	{identity.RuleDevice, "the same device"},
	{identity.RuleScored, "names, birth dates, addresses and the like that weigh enough"},
	{identity.RuleOnlyHolder, "an e-mail or telephone that nobody else uses"},
	{identity.RuleFirstCustomer, "a device whose first known customer this was"},
}

// otherRule stands for rules that go by an id of a source: its type is the source's own word.
const otherRule = "the same id in a source"

// joinedBy explains joins. Rules that hold a source's word come back in other, ascending.
func joinedBy(rules map[string]int) (words, ours, other []string) {
	for _, r := range ruleNames {
		if rules[r.rule] > 0 {
			words, ours = append(words, r.words), append(ours, r.rule)
		}
	}
	for _, rule := range sortedKeys(rules) {
		if !slices.Contains(ours, rule) {
			other = append(other, rule)
		}
	}
	if len(other) > 0 {
		words = append(words, otherRule)
	}
	return words, ours, other
}

// knownBy lists the types of identifiers in our words.
func knownBy(types map[string]bool) []string {
	var names []string
	left := len(types)
	for _, t := range identifierNames {
		if types[t.typ] {
			names = append(names, t.name)
			left--
		}
	}
	if left > 0 {
		names = append(names, count(left, "kind")+" of id from sources")
	}
	return names
}

// phraseOf says what happened, in our words alone.
func phraseOf(x *Interaction) string {
	if phrase, known := phrases[x.Name]; known {
		return phrase
	}
	if phrase, known := typePhrases[x.Type]; known {
		return phrase
	}
	return "Event"
}

// sentence tells of an event: what, by whom, where, how much and with what end.
func sentence(x *Interaction) string {
	var b strings.Builder
	b.WriteString(phraseOf(x))
	if words := byAuthor[x.AuthorRole]; words != "" && (x.Name == event.NameConversationMessage || x.Text != "") {
		b.WriteString(" " + words)
	}
	if words := byChannel[x.Channel]; words != "" && x.Type != event.TypePage && x.Type != event.TypeScreen {
		b.WriteString(", " + words)
	}
	if s := score(x); s != "" {
		b.WriteString(": " + s)
	}
	if x.Amount != "" {
		b.WriteString(": " + money(x))
	}
	if words := resolutions[x.Resolution]; words != "" {
		b.WriteString("; " + words)
	}
	b.WriteString(".")
	return b.String()
}

// score tells the answer to a survey.
func score(x *Interaction) string {
	if x.Score == nil {
		return ""
	}
	text := fmt.Sprintf("%g", *x.Score)
	if name := surveyNames[x.Survey]; name != "" {
		text = name + " " + text
	}
	if x.Scale != "" {
		text += " on a scale of " + number(x.Scale)
	}
	return text
}

func money(x *Interaction) string { return number(x.Amount) + " " + currency(x.Currency) }

// number lets decimals and scales through, and nothing else: nobody's sentences get into ours,
// even from a State that was not validated.
func number(s string) string {
	if s == "" || len(s) > 40 || strings.Trim(s, "0123456789.-") != "" {
		return "an unknown number"
	}
	return s
}

func currency(s string) string {
	if !event.ValidCurrency(s) {
		return "of an unknown currency"
	}
	return s
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

func minute(t time.Time) string { return t.Format("2006-01-02 15:04 UTC") }

func count[N int | uint64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// list joins words: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
