package api

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tributary/api/audit"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/api/statement"
	"tributary/identity/match"
	"tributary/ingest/connector"
	"tributary/ingest/connector/trial"
	"tributary/ingest/schema"
	"tributary/journeys/analyst"
	"tributary/journeys/contact"
	"tributary/journeys/cx"
	"tributary/journeys/driver"
	"tributary/journeys/driver/topic"
	"tributary/journeys/effect"
	"tributary/journeys/flow"
	"tributary/journeys/forecast"
	"tributary/journeys/forecast/series"
	"tributary/journeys/report"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/computed"
	"tributary/profiles/define"
	"tributary/profiles/explain"
	"tributary/profiles/export"
	"tributary/profiles/handoff"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/privacy/erase"
	"tributary/profiles/quarantine"
	"tributary/profiles/reconcile"
	"tributary/profiles/segment"
	"tributary/profiles/sourcehealth"
	"tributary/profiles/steward"
)

type document struct {
	Paths map[string]map[string]struct {
		Scope     string         `yaml:"x-scope"`
		ServedBy  string         `yaml:"x-served-by"` // empty: this package
		Security  *[]any         `yaml:"security"`
		Responses map[string]any `yaml:"responses"`
	} `yaml:"paths"`
	Components struct {
		Schemas map[string]struct {
			Required   []string       `yaml:"required"`
			Properties map[string]any `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := yaml.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// refusesPages are public routes that pages of other sites may not ask for.
var refusesPages = []string{"post /v1/session", "delete /v1/session"}

var param = regexp.MustCompile(`:(\w+)`)

func TestRoutesAndDocumentAgree(t *testing.T) {
	documented := map[string]string{}
	for path, operations := range readDocument(t).Paths {
		for verb, o := range operations {
			if o.ServedBy != "" {
				continue
			}
			documented[strings.ToUpper(verb)+" "+path] = o.Scope
			if open := o.Security != nil && len(*o.Security) == 0; open != (o.Scope == string(public)) {
				t.Errorf("%s %s: security and x-scope disagree", verb, path)
			}
			if _, forbidden := o.Responses["403"]; forbidden == (o.Scope == string(public)) && !slices.Contains(refusesPages, verb+" "+path) {
				t.Errorf("%s %s: a route with a scope answers 403, others do not", verb, path)
			}
		}
	}
	w := newWorld(t)
	rules := map[string]string{}
	for _, r := range w.api.routes() {
		rules[r.method+" "+param.ReplaceAllString(r.path, "{$1}")] = string(r.scope)
	}
	served := map[string]bool{}
	for _, r := range w.api.engine.Routes() {
		served[r.Method+" "+param.ReplaceAllString(r.Path, "{$1}")] = true
	}
	if !maps.Equal(rules, documented) {
		t.Errorf("routes and scopes are\n%v, documented\n%v", rules, documented)
	}
	for r := range served {
		if rules[r] == "" {
			t.Errorf("%s has no rule", r)
		}
	}
	if len(served) != len(rules) {
		t.Errorf("%d routes are served, %d have a rule", len(served), len(rules))
	}
}

func TestAnswersAndSchemasHaveTheSameFields(t *testing.T) {
	schemas := readDocument(t).Components.Schemas
	types := map[string]any{
		"Moved": movedView{}, "TraitHistory": traitHistoryView{}, "Assertion": assertionView{}, "Alternative": alternativeView{},
		"Lookup": lookupBody{}, "Profile": profileView{}, "Trait": traitView{}, "Identifier": identifierView{},
		"Source": sourceView{}, "Counter": counterView{}, "Item": itemView{}, "Satisfaction": satisfactionView{},
		"Role": profiles.Role{}, "AccountOfProfile": accountOfView{}, "Account": accountView{}, "AccountMember": memberView{},
		"ConsentSummary": consentSummaryView{}, "ConsentScope": consentScopeView{}, "ConsentOtherwise": consentOtherwiseView{},
		"ContactPoint": contactView{}, "ConsentBecause": statementView{}, "ConsentDecision": decisionView{}, "Consent": consentView{},
		"ContactConsent": contactConsentView{}, "ConsentCheck": checkView{}, "ConsentSaid": saidView{}, "ConsentQuestion": consentBody{}, "ConsentStatement": sayBody{},
		"Event": eventView{}, "Text": textView{}, "Observation": observationView{}, "LeftOut": leftOutView{},
		"Context": contextView{}, "ContextQuestion": contextBody{}, "Late": lateView{}, "IdentityChange": profiles.Change{}, "Tokens": tokensView{}, "Fact": profiles.Fact{}, "Quote": profiles.Quote{},
		"Omission": profiles.Omission{}, "Timeline": timelineView{}, "Ready": readyView{}, "Search": searchView{}, "Hit": hitView{}, "SearchQuestion": searchBody{}, "Part": partView{},
		"CustomersQuestion": findBody{}, "Customers": customersView{}, "NotSearched": notSearchedView{}, "Customer": customerView{}, "Matched": matchedView{}, "KnownName": knownNameView{}, "KnownIdentifier": knownIDView{},
		"Health": struct {
			OK bool `json:"ok"`
		}{},
		"Identity": explain.Answer{}, "Said": explain.Said{}, "Thresholds": explain.Thresholds{}, "Statement": explain.Observation{},
		"IdentifierValue": explain.Identifier{}, "AttributeValue": explain.Attribute{}, "EventName": explain.Event{},
		"Link": explain.Link{}, "Apart": explain.Apart{}, "Decision": explain.Decision{}, "Weighing": explain.Weighing{},
		"FieldBits": explain.Field{}, "ValueStanding": explain.Value{}, "IdentifierStanding": explain.Standing{}, "Blocked": explain.Blocked{},
		"Pairing": explain.With{}, "Added": explain.Added{}, "Change": explain.Change{}, "ProfilePart": explain.Part{},
		"Cause": explain.Cause{}, "Ask": explain.Ask{},
		"ReviewQueue": steward.Questions{}, "ReviewQuestion": steward.Question{}, "PairExplained": explain.Pair{}, "IdentityPair": pairView{}, "PairSide": sideView{},
		"DecisionProposal": steward.Proposal{}, "DecisionNew": decisionBody{}, "DecisionUndo": undoBody{}, "DecisionForecast": steward.Forecast{}, "PairVerdict": steward.Verdict{},
		"WholeProfile": explain.Whole{}, "MetricOfProfiles": explain.MetricPair{}, "StewardDecisions": steward.Decisions{}, "StewardDecision": steward.Decision{},
		"MatchPrecision": steward.Precision{}, "DecidedPairs": steward.Decided{}, "ScoreBands": steward.Scores{}, "MeasuredShare": match.Measured{}, "ScoreBand": steward.Band{},
		"Sources": sourcesView{}, "SourceAccount": sourceAccountView{}, "Reconciliation": reconciliationView{}, "DayAccount": reconcile.Day{},
		"SourceHealth": sourcehealth.Report{}, "HealthOfSource": sourcehealth.Source{}, "SourceToday": sourcehealth.Today{}, "SourceLag": sourcehealth.Lag{},
		"Connectors": connectorsView{}, "Connector": connector.Description{}, "ConnectorSetting": connector.SettingDescription{},
		"Trial": trial.Request{}, "TrialResult": trial.Result{}, "TrialRejected": trial.Rejected{}, "TrialFault": trial.Fault{},
		"Quarantine": quarantineView{}, "Quarantined": quarantinedView{}, "QuarantinedItem": quarantinedItemView{}, "QuarantinedPayload": payloadView{},
		"QuarantinedValue": payloadLeaf{}, "QuarantinedShown": payloadSaid{}, "QuarantineCorrection": correctionBody{}, "QuarantineCounts": quarantineCountsView{},
		"QuarantineCount": quarantine.Count{}, "QuarantineSelection": quarantineChangeBody{}, "QuarantineSelect": quarantineSelect{},
		"QuarantineChanges": quarantineChangesView{}, "QuarantineSum": quarantine.Sum{}, "QuarantineChange": quarantine.Change{},
		"Schema": schema.Report{}, "EventSchema": schema.EventReport{}, "FieldSeen": schema.FieldReport{}, "TypeSeen": schema.TypeReport{},
		"Contract": schema.Contract{}, "SchemaDrift": schema.DriftReport{}, "EventDrift": schema.EventDrift{}, "Difference": schema.Difference{},
		"Expected": reconcile.Expected{}, "ExpectedFigure": expectedBody{},
		"Computed": computedView{}, "InSegment": inSegmentView{}, "Segments": segmentsView{}, "Segment": analysis.Segment{},
		"SegmentMembers": segmentMembersView{}, "SegmentMember": segmentMemberView{}, "SegmentChanges": segmentChangesView{},
		"SegmentChange": segmentChangeView{}, "Definitions": definitionsView{}, "ReaderPolicy": policyView{}, "ReaderRule": policyRuleView{}, "PendingTrait": analysis.Pending{},
		"DefinitionsDocument": define.Definitions{}, "SegmentDefinition": segment.Definition{}, "SegmentCondition": segment.Condition{}, "SegmentCounter": segment.Counter{},
		"SegmentConsent": segment.Consent{}, "SegmentSatisfaction": segment.Satisfaction{}, "ComputedDefinition": computed.Definition{},
		"SegmentPreviewQuestion": previewBody{}, "SegmentPreview": previewView{}, "SegmentForeseen": analysis.Foreseen{}, "SegmentFigures": analysis.Figures{}, "SegmentExample": exampleView{},
		"ReportScope": report.Request{}, "ReportFilter": report.Filter{}, "ReportSample": report.Sample{}, "ReportSegment": analysis.Published{}, "EventCondition": computed.Condition{},
		"FunnelQuestion": flow.FunnelRequest{}, "FunnelPeopleQuestion": flow.FunnelPeopleRequest{}, "FunnelStep": flow.Step{}, "FunnelExclusion": flow.Exclusion{},
		"Funnel": flow.Funnel{}, "FunnelStepCount": flow.StepCount{}, "Took": flow.Took{}, "FunnelGroup": flow.Group{},
		"JourneyPeople": flow.People{}, "JourneyPerson": flow.Person{}, "EventRef": flow.Ref{}, "EventSelection": computed.Selection{},
		"RetentionQuestion": flow.RetentionRequest{}, "RetentionPeopleQuestion": flow.RetentionPeopleRequest{}, "Retention": flow.Retention{},
		"RetentionCohort": flow.Cohort{}, "RetentionCell": flow.Cell{}, "PathsQuestion": flow.PathsRequest{}, "PathsPeopleQuestion": flow.PathsPeopleRequest{}, "PathPlace": flow.PathPlace{},
		"EventNamesQuestion": flow.NamesRequest{}, "EventNames": flow.Names{}, "EventKind": flow.Name{},
		"Paths": flow.Paths{}, "PathNode": flow.Node{}, "PathLink": flow.Link{}, "TimeBetweenQuestion": flow.BetweenRequest{},
		"TimeBetweenPeopleQuestion": flow.BetweenPeopleRequest{}, "TimeBetween": flow.Between{}, "TimeQuantile": flow.Quantile{}, "TimeBin": flow.Bin{},
		"Workspace": workspaceView{}, "Key": keyView{}, "Keys": keysView{}, "NewKey": newKeyBody{}, "Rotation": rotateBody{}, "MadeKey": madeKeyView{},
		"PrivacyBody": desk.Body{}, "ErasurePreview": desk.Preview{}, "KeptIdentifiers": desk.Kept{}, "StoreCount": desk.Store{},
		"Erasures": desk.Erasures{}, "Erasure": desk.Erasure{}, "ErasureStep": desk.Step{}, "ErasureCount": privacy.Count{},
		"ExportBody": exportBody{}, "Exports": export.Views{}, "Export": export.View{}, "ExportFile": export.File{},
		"Certificate": erase.Certificate{}, "CertificateLine": erase.Line{}, "CertificateWaiting": erase.Waiting{},
		"PrivacyDone": desk.Done{}, "PrivacyStanding": desk.Standing{},
		"AuditPage": audit.Page{}, "AuditLine": audit.Line{},
		"StreamHead": streamHeadView{}, "StreamNotTold": streamNotToldRef{}, "StreamEntry": streamEntryView{}, "StreamNotice": streamNotice{},
		"Reading": readingView{}, "Verification": verificationView{}, "Raise": raiseView{}, "Withheld": policy.Withheld{},
		"Disclosures": disclosuresView{}, "Disclosure": disclosureView{},
		"NewAgentSession": agentSessionBody{}, "AgentSession": agentSessionView{}, "SessionSubject": sessionSubjectView{}, "EndedSession": endedSessionView{},
		"SignIn": signInBody{}, "Session": sessionView{}, "SignInProviders": providersView{}, "SignInWays": signInView{}, "SignInProvider": providerView{},
		"CommitmentNew": commitmentBody{}, "CommitmentStep": commitmentStepBody{}, "Commitment": commitmentView{}, "CommitmentWord": wordView{},
		"Commitments": commitmentsView{}, "ProfileCommitments": profileCommitmentsView{}, "CommitmentAnswer": commitmentAnswerView{},
		"NoteNew": noteBody{}, "NoteAnswer": noteView{},
		"HandoffOffer": handoffBody{}, "Handoff": handoffView{}, "HandoffRecord": handoff.Record{}, "HandoffParty": handoff.Party{}, "HandoffTo": handoff.To{},
		"HandoffAttempt": handoff.Attempt{}, "HandoffPromise": handoff.Promise{}, "HandoffVerification": handoff.Verification{}, "HandoffMatter": handoff.Matter{},
		"HandoffInteraction": handoff.Interaction{}, "HandoffLease": handoff.Lease{}, "HandoffRead": handoff.Read{}, "HandoffReturn": handoff.Return{},
		"Handoffs": handoffsView{}, "HandoffLine": handoffLine{}, "HandoffLeaseBody": leaseBody{}, "HandoffReleaseBody": releaseBody{},
		"HandoffReturnBody": returnBody{}, "HandoffReadBody": readBody{},
		"RepeatRequest": contact.RepeatRequest{}, "RepeatPeopleRequest": contact.RepeatPeopleRequest{}, "RepeatReport": contact.RepeatReport{},
		"RepeatCount": contact.Repeat{}, "RateOfContacts": contact.Rate{}, "RepeatPeople": contact.RepeatPeople{}, "RepeatContact": contact.Contact{},
		"ContactJourneysRequest": contact.JourneysRequest{}, "ContactJourneysPeopleRequest": contact.JourneysPeopleRequest{}, "ContactJourneys": contact.JourneysReport{},
		"ContactJourneyNumbers": contact.Journeys{}, "ContactJourneyPath": contact.PathRow{}, "ContactJourneyPeople": contact.JourneyPeople{}, "ContactJourney": contact.Journey{},
		"ContactJourneyStep": contact.JourneyStep{}, "ContactJourneyEffort": contact.Effort{}, "FrictionRequest": contact.FrictionRequest{},
		"FrictionPeopleRequest": contact.FrictionPeopleRequest{}, "FrictionReport": contact.FrictionReport{}, "FrictionWeight": contact.Weighed{},
		"FrictionPoint": contact.FrictionPoint{}, "FrictionCorrelation": contact.FrictionCorrelation{},
		"EffectRequest": effect.Request{}, "EffectPeopleRequest": effect.PeopleRequest{}, "EffectReport": effect.Report{}, "EffectExposure": effect.Exposed{},
		"EffectCut": effect.Cut{}, "EffectEstimate": effect.Estimate{}, "EffectSide": effect.Side{}, "EffectSides": effect.Sides{}, "EffectStratumKey": effect.Stratum{},
		"EffectStratum": effect.StratumOf{}, "EffectOutcome": effect.Outcome{}, "EffectOutcomes": effect.Outcomes{}, "EffectPeople": effect.People{}, "EffectPerson": effect.Person{},
		"EffectContact": effect.Contact{}, "UseCaseRequest": effect.UseCaseRequest{}, "UseCasePeopleRequest": effect.UseCasePeopleRequest{}, "UseCases": effect.UseCases{},
		"UseCaseCosts": effect.CostBasis{}, "UseCase": effect.UseCase{}, "UseCaseShare": effect.ShareOf{}, "UseCaseAICost": effect.AICost{}, "UseCaseHumanCost": effect.HumanCost{},
		"Drivers": driver.Answer{}, "DriverTopic": driver.Topic{}, "DriverBy": driver.By{}, "DriverTold": driver.Told{}, "DriverLong": driver.Long{},
		"DriverRemote": driver.Remote{}, "DriverGroup": driver.Group{}, "DriverPeopleRequest": driver.PeopleRequest{}, "DriverPeople": driver.People{}, "DriverPerson": driver.Person{},
		"DriverConversation": driver.Conversation{}, "DriverSaid": driver.Said{}, "DriverExamplesRequest": driver.ExamplesRequest{},
		"DriverExamples": driver.Examples{}, "DriverGroupExamples": driver.GroupExamples{}, "DriverExample": driver.Example{},
		"Topics": driver.Taxonomy{}, "TopicLine": driver.TopicLine{}, "TopicWords": topic.Words{}, "LabelPage": driver.LabelPage{},
		"DriverShared": driver.Shared{}, "DriverModel": topic.Quality{}, "DriverLabels": labelsBody{}, "DriverLabel": driver.Label{}, "DriverLabelled": labelledView{},
		"ForecastPlanned": forecast.Planned{}, "StaffingGoal": forecast.Goal{}, "Forecast": forecast.Answer{}, "ForecastSeries": forecast.Series{},
		"VolumeForecast": series.Forecast{}, "ForecastPoint": series.Point{}, "ForecastBacktest": series.Backtest{}, "ForecastTried": series.Tried{},
		"ForecastEffect": series.Effect{}, "Staffing": forecast.Staffing{}, "StaffingAverage": forecast.Average{}, "StaffingHour": forecast.Hour{},
		"ForecastQuestion": forecast.Request{}, "ForecastPast": forecast.Past{},
		"SavedQuery": analyst.Saved{}, "SavedQueryParam": analyst.SavedParam{}, "SavedQueries": savedListView{}, "SavedQueryBody": savedBody{},
		"SavedQueryNew": newSavedBody{}, "SavedQueryRun": statement.Run{},
		"Query": statement.Request{}, "QueryViews": queryViewsView{}, "QueryResult": struct { // which is written row by row
			Columns   []string `json:"columns"`
			Rows      [][]any  `json:"rows"`
			RowCount  int      `json:"row_count"`
			Truncated bool     `json:"truncated"`
		}{},
		"Metrics": metricsView{}, "Metric": cx.Metric{}, "MetricValues": metricValuesView{}, "MetricAnswer": cx.Answer{}, "MetricPoint": cx.Point{}, "MetricPlan": cx.Plan{},
		"MetricTargetNew": targetBody{}, "MetricTarget": cx.Target{}, "MetricTargetAuthor": cx.Author{}, "MetricTargets": targetsView{}, "MetricInterval": cx.Interval{},
		"MetricComparison": cx.Comparison{}, "MetricSeriesPair": cx.SeriesPair{}, "MetricSide": cx.Side{}, "MetricStratumPair": cx.StratumPair{},
		"MetricStratification": cx.Stratification{}, "MetricLeftOut": cx.LeftOut{},
		"MetricStandardised": cx.Standardised{}, "MetricItems": cx.Items{}, "MetricItem": cx.Item{}, "MetricEvent": cx.Event{},
		"Problem": problem.Document{}, "FieldError": problem.FieldError{}, "Candidate": candidateView{},
	}
	for name := range schemas {
		if types[name] == nil && !slices.Contains(ofTheGateway, name) {
			t.Errorf("schema %s is of no answer", name)
		}
	}
	for name, v := range types {
		all, always := fieldsOf(reflect.TypeOf(v))
		properties := slices.Sorted(maps.Keys(schemas[name].Properties))
		if !slices.Equal(all, properties) {
			t.Errorf("%s has the fields\n%v, documented\n%v", name, all, properties)
		}
		required := slices.Sorted(slices.Values(schemas[name].Required))
		if !slices.Equal(always, required) {
			t.Errorf("%s always has\n%v, required are\n%v", name, always, required)
		}
	}
}

// ofTheGateway are the schemas of what is sent; cmd/internal/node holds them and its routes together.
var ofTheGateway = []string{"Call", "Batch", "Taken", "BatchTaken", "IntakeProblem"}

// fieldsOf lists the JSON names of all fields, and of those that are always there.
func fieldsOf(t reflect.Type) (all, always []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			a, b := fieldsOf(f.Type)
			all, always = append(all, a...), append(always, b...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		all = append(all, name)
		if !strings.Contains(options, "omit") {
			always = append(always, name)
		}
	}
	slices.Sort(all)
	slices.Sort(always)
	return all, always
}
