package event

// The names of the customer-experience vocabulary. Connectors translate to them, so that a metric
// means the same for every source. Any other name is a free product event: it is kept and queried,
// but no metric of ours knows it.
const (
	NameConversationStarted        = "conversation.started"
	NameConversationQueued         = "conversation.queued"
	NameConversationOffered        = "conversation.offered"
	NameConversationAnswered       = "conversation.answered"
	NameConversationMessage        = "conversation.message"
	NameConversationTransferred    = "conversation.transferred"
	NameConversationIdentified     = "conversation.identified"
	NameConversationVerified       = "conversation.verified"
	NameConversationHumanRequested = "conversation.human_requested"
	NameConversationHandedOff      = "conversation.handed_off"
	NameConversationAbandoned      = "conversation.abandoned"
	NameConversationWrapped        = "conversation.wrapped"
	NameConversationEnded          = "conversation.ended"

	NameIVRStep = "ivr.step"

	NameCallbackRequested = "callback.requested"
	NameCallbackCompleted = "callback.completed"
	NameCallbackFailed    = "callback.failed"

	NameCaseOpened    = "case.opened"
	NameCaseAssigned  = "case.assigned"
	NameCaseUpdated   = "case.updated"
	NameCaseWaiting   = "case.waiting"
	NameCasePaused    = "case.paused"
	NameCaseResumed   = "case.resumed"
	NameCaseEscalated = "case.escalated"
	NameCaseResolved  = "case.resolved"
	NameCaseReopened  = "case.reopened"

	NameSLAStarted  = "sla.started"
	NameSLAPaused   = "sla.paused"
	NameSLABreached = "sla.breached"
	NameSLAMet      = "sla.met"

	NameComplaintOpened = "complaint.opened"
	NameComplaintClosed = "complaint.closed"

	NameSurveySent     = "survey.sent"
	NameSurveyAnswered = "survey.answered"
	NameSurveyExpired  = "survey.expired"

	NameInvoiceIssued        = "invoice.issued"
	NameInvoiceOverdue       = "invoice.overdue"
	NameInvoiceVoided        = "invoice.voided"
	NameInvoicePaid          = "invoice.paid"
	NameInvoicePaymentFailed = "invoice.payment_failed"

	NamePaymentReceived = "payment.received"

	NameSubscriptionStarted   = "subscription.started"
	NameSubscriptionChanged   = "subscription.changed"
	NameSubscriptionCancelled = "subscription.cancelled"

	NameRefundIssued = "refund.issued"
	NameCreditIssued = "credit.issued"

	NameDisputeOpened = "dispute.opened"
	NameDisputeClosed = "dispute.closed"

	NameEntitlementGranted = "entitlement.granted"
	NameEntitlementExpired = "entitlement.expired"

	NameOrderPlaced    = "order.placed"
	NameOrderShipped   = "order.shipped"
	NameOrderDelayed   = "order.delayed"
	NameOrderDelivered = "order.delivered"
	NameOrderReturned  = "order.returned"

	NameIncidentOpened   = "incident.opened"
	NameIncidentResolved = "incident.resolved"

	NameContactUpdated = "contact.updated"

	NameAccountMemberJoined = "account.member_joined"
	NameAccountMemberLeft   = "account.member_left"

	NameConsentChanged = "consent.changed"

	NameAppointmentBooked    = "appointment.booked"
	NameAppointmentMoved     = "appointment.moved"
	NameAppointmentCompleted = "appointment.completed"
	NameAppointmentMissed    = "appointment.missed"

	NameCampaignSent         = "campaign.sent"
	NameCampaignDelivered    = "campaign.delivered"
	NameCampaignFailed       = "campaign.failed"
	NameCampaignOpened       = "campaign.opened"
	NameCampaignClicked      = "campaign.clicked"
	NameCampaignReplied      = "campaign.replied"
	NameCampaignUnsubscribed = "campaign.unsubscribed"

	NameCommitmentProposed = "commitment.proposed"
	NameCommitmentMade     = "commitment.made"
	NameCommitmentKept     = "commitment.kept"
	NameCommitmentBroken   = "commitment.broken"
	// NameCommitmentWithdrawn ends a promise that is not to be kept.
	NameCommitmentWithdrawn = "commitment.withdrawn"

	// What agents write (agent.go): hand-offs and notes come from SourceAgent alone.
	NameHandoffOffered  = "handoff.offered"
	NameHandoffAccepted = "handoff.accepted"
	NameHandoffExtended = "handoff.extended"
	NameHandoffRead     = "handoff.read"
	NameHandoffReturned = "handoff.returned"
	NameHandoffReleased = "handoff.released"
	NameNoteAdded       = "note.added"

	NameAIAction  = "ai.action"
	NameTargetSet = "target.set"
)

// names lists the vocabulary in the order of the constants.
var names = []string{
	NameConversationStarted, NameConversationQueued, NameConversationOffered, NameConversationAnswered, NameConversationMessage, NameConversationTransferred, NameConversationIdentified, NameConversationVerified, NameConversationHumanRequested, NameConversationHandedOff, NameConversationAbandoned, NameConversationWrapped, NameConversationEnded,
	NameIVRStep,
	NameCallbackRequested, NameCallbackCompleted, NameCallbackFailed,
	NameCaseOpened, NameCaseAssigned, NameCaseUpdated, NameCaseWaiting, NameCasePaused, NameCaseResumed, NameCaseEscalated, NameCaseResolved, NameCaseReopened,
	NameSLAStarted, NameSLAPaused, NameSLABreached, NameSLAMet,
	NameComplaintOpened, NameComplaintClosed,
	NameSurveySent, NameSurveyAnswered, NameSurveyExpired,
	NameInvoiceIssued, NameInvoiceOverdue, NameInvoiceVoided, NameInvoicePaid, NameInvoicePaymentFailed,
	NamePaymentReceived,
	NameSubscriptionStarted, NameSubscriptionChanged, NameSubscriptionCancelled,
	NameRefundIssued,
	NameCreditIssued,
	NameDisputeOpened, NameDisputeClosed,
	NameEntitlementGranted, NameEntitlementExpired,
	NameOrderPlaced, NameOrderShipped, NameOrderDelayed, NameOrderDelivered, NameOrderReturned,
	NameIncidentOpened, NameIncidentResolved,
	NameContactUpdated, NameAccountMemberJoined, NameAccountMemberLeft,
	NameConsentChanged,
	NameAppointmentBooked, NameAppointmentMoved, NameAppointmentCompleted, NameAppointmentMissed,
	NameCampaignSent, NameCampaignDelivered, NameCampaignFailed, NameCampaignOpened, NameCampaignClicked, NameCampaignReplied, NameCampaignUnsubscribed,
	NameCommitmentProposed, NameCommitmentMade, NameCommitmentKept, NameCommitmentBroken, NameCommitmentWithdrawn,
	NameHandoffOffered, NameHandoffAccepted, NameHandoffExtended, NameHandoffRead, NameHandoffReturned, NameHandoffReleased,
	NameNoteAdded,
	NameAIAction,
	NameTargetSet,
}

var nameSet = func() map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}()

// Names returns the vocabulary, grouped by what the events are about. The slice is the caller's.
func Names() []string { return append([]string(nil), names...) }

// InVocabulary says whether name is a name of the vocabulary. Events of these names carry typed
// fields (CX).
func InVocabulary(name string) bool { return nameSet[name] }
