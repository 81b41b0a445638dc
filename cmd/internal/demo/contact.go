package demo

import "time"

// topic is what a contact may be about.
type topic struct {
	name      string
	opening   []string // what the customer says first
	aiSolves  float64  // how often the bot settles it
	callBack  float64  // how often it comes up again though it seemed settled
	severity  string
	resolveIn int // hours until a case is resolved
}

var topics = []topic{
	{"outage.internet", []string{"My internet is down since this morning.", "No connection again!!", "网络断了,怎么办?"}, 0.25, 0.25, "high", 8},
	{"speed.slow", []string{"The connection is much slower than what I pay for.", "Video calls keep freezing in the evening."}, 0.35, 0.3, "normal", 48},
	{"billing.question", []string{"Why is my bill higher this month?", "I was charged twice.", "No entiendo mi factura."}, 0.5, 0.15, "normal", 24},
	{"billing.payment_failed", []string{"My card was declined but it is fine.", "I got a message that my payment failed."}, 0.55, 0.2, "normal", 12},
	{"plan.change", []string{"I want to move to the faster plan.", "Can I get the mobile plan with my fiber?"}, 0.6, 0.05, "low", 24},
	{"router.setup", []string{"The new router will not connect.", "Where do I find the wifi password?"}, 0.65, 0.1, "low", 24},
	{"cancel", []string{"I want to cancel my contract.", "Please close my account."}, 0.1, 0.1, "high", 72},
	{"moving", []string{"I am moving next month, can I keep my line?"}, 0.4, 0.05, "normal", 72},
}

var (
	agents = []string{"agent-ada", "agent-bo", "agent-cyd", "agent-dee", "agent-eli", "agent-fay", "agent-gus", "agent-hal"}
	thanks = []string{"Great, that worked. Thank you!", "ok thanks", "Finally. Thanks."}
)

const botModel = "assistant-2"

// contact is one matter that a customer brings, over one or several conversations.
func (w *writer) contact(at time.Time) { w.contactAbout(at, topics[w.r.IntN(len(topics))].name) }

func (w *writer) contactAbout(at time.Time, name string) {
	var about topic
	for _, t := range topics {
		if t.name == name {
			about = t
		}
	}
	var solved bool
	switch n := w.r.Float64(); {
	case n < 0.42:
		solved = w.chat(at, about)
	case n < 0.75:
		solved = w.call(at, about)
	case n < 0.92:
		solved = w.email(at, about)
	default:
		solved = w.message(at, about)
	}
	again := 1 - about.callBack
	if !solved {
		again = 0.35
	}
	if !w.chance(again) { // it comes up again on another day, often on another channel
		later := w.after(at, 4*3600, 6*86400)
		if w.chance(0.6) {
			w.call(later, about)
		} else {
			w.chat(later, about)
		}
	}
}

// talk writes one conversation's events, all with its id.
type talk struct {
	w       *writer
	source  string
	channel string
	id      string
	who     as
	turn    int
	at      time.Time
}

func (t *talk) say(name string, gapMin, gapMax int, p props) {
	t.at = t.w.after(t.at, gapMin, gapMax)
	t.w.send(t.source, t.channel, "track", name, t.at, t.who, merge(props{"conversation_id": t.id}, p))
}

func (t *talk) words(role, text string, gapMin, gapMax int, extra props) {
	t.turn++
	direction := "outbound"
	if role == "customer" {
		direction = "inbound"
	}
	t.say("conversation.message", gapMin, gapMax,
		merge(props{"author_role": role, "text": text, "turn": t.turn, "direction": direction}, extra))
}

// chat begins with the bot on the web page; the bot settles it or hands over to a person.
func (w *writer) chat(at time.Time, about topic) (solved bool) {
	cookie := w.pick(w.p.Cookies)
	t := &talk{w: w, source: SourceChat, channel: "chat", id: w.id("chat"), who: as{cookie: cookie, own: "visitor_id=" + cookie}, at: at}
	t.say("conversation.started", 0, 1, props{"direction": "inbound", "author_role": "customer", "topic": about.name, "language": w.p.Language})
	t.words("customer", w.pick(about.opening), 1, 20, nil)
	bot := props{"model": botModel, "tokens": 300 + w.r.IntN(1500), "cost": 0.002 + 0.001*float64(w.r.IntN(9))}
	t.words("ai", "I can help with that. May I have the e-mail address of your account?", 1, 4, bot)
	if w.chance(0.75) {
		t.who.email, t.who.name = w.p.Email, true
		t.words("customer", w.p.Email, 5, 60, nil)
		t.say("conversation.identified", 1, 2, props{"author_role": "ai"})
		if w.chance(0.5) {
			t.who.user = w.p.UserID
			t.say("conversation.verified", 5, 60, props{"author_role": "ai"})
		}
	}
	for range 1 + w.r.IntN(3) {
		t.words("ai", "Let me check your line and your last bill.", 1, 5, bot)
		t.words("customer", w.pick([]string{"ok", "I tried that already.", "It still does not work.", "yes"}), 5, 90, nil)
	}
	if w.chance(about.aiSolves) {
		t.words("customer", w.pick(thanks), 5, 60, nil)
		t.say("conversation.ended", 5, 60, props{"author_role": "ai", "resolution": w.pick([]string{"confirmed", "assumed"}), "topic": about.name})
		w.rate(t, 3.9)
		return true
	}
	if w.chance(0.15) {
		t.say("conversation.abandoned", 30, 300, props{"author_role": "customer", "topic": about.name})
		return false
	}
	if w.chance(0.7) {
		t.say("conversation.human_requested", 3, 40, props{"author_role": "customer"})
	}
	return w.handOver(t, "AI assistant to chat team", about)
}

// handOver gives a conversation to a human agent, who settles it or opens a case.
func (w *writer) handOver(t *talk, note string, about topic) (solved bool) {
	agent := w.pick(agents)
	wait := 5 + w.r.IntN(240)
	t.say("conversation.handed_off", 1, 5, props{"author_role": "ai", "transfer_kind": "warm", "queue": "care", "skill": about.name, "summary": note})
	t.say("conversation.queued", 1, 2, props{"queue": "care", "leg_id": "leg-2"})
	t.say("conversation.answered", wait, wait+1, props{"author_role": "human", "agent_id": agent, "team": "care", "wait_s": wait, "leg_id": "leg-2"})
	for range 1 + w.r.IntN(3) {
		t.words("human", "Thank you for waiting, I can see what happened so far.", 5, 60, props{"agent_id": agent})
		t.words("customer", w.pick([]string{"Good.", "I already told the bot.", "Please hurry.", "yes that is right"}), 5, 90, nil)
	}
	wrap := 20 + w.r.IntN(120)
	if w.chance(0.7) {
		t.say("conversation.ended", 5, 60, props{"author_role": "human", "agent_id": agent, "resolution": "confirmed", "talk_s": 120 + w.r.IntN(600), "topic": about.name})
		t.say("conversation.wrapped", wrap, wrap+1, props{"agent_id": agent, "wrap_s": wrap, "disposition": "solved"})
		w.rate(t, 3.6)
		return true
	}
	t.say("conversation.ended", 5, 60, props{"author_role": "human", "agent_id": agent, "resolution": "none", "topic": about.name})
	w.caseOf(t, agent, about)
	return w.chance(0.8)
}

// call is known by its number alone until the caller is identified; some numbers are shared.
func (w *writer) call(at time.Time, about topic) (solved bool) {
	agent := w.pick(agents)
	t := &talk{w: w, source: SourceVoice, channel: "voice", id: w.id("call"), who: as{phone: w.p.Phone}, at: at}
	t.say("conversation.started", 0, 1, props{"direction": "inbound", "author_role": "customer"})
	t.say("ivr.step", 5, 20, props{"author_role": "ivr", "step": "language"})
	t.say("ivr.step", 5, 30, props{"author_role": "ivr", "step": "reason", "topic": about.name})
	wait := 10 + w.r.IntN(500)
	t.say("conversation.queued", 1, 3, props{"queue": "voice-care", "leg_id": "leg-1"})
	if wait > 240 && w.chance(0.3) {
		t.say("conversation.abandoned", wait, wait+5, props{"author_role": "customer", "wait_s": wait})
		return false
	}
	t.say("conversation.answered", wait, wait+1, props{"author_role": "human", "agent_id": agent, "team": "voice", "wait_s": wait, "leg_id": "leg-1"})
	if w.chance(0.85) {
		t.who.user = w.p.UserID
		t.say("conversation.identified", 10, 60, props{"author_role": "human", "agent_id": agent})
		t.say("conversation.verified", 5, 30, props{"author_role": "human", "agent_id": agent})
	}
	if w.chance(0.2) {
		t.say("conversation.transferred", 60, 300, props{"transfer_kind": w.pick([]string{"warm", "cold"}), "queue": "voice-tech", "agent_id": agent, "leg_id": "leg-1", "talk_s": 60 + w.r.IntN(240)})
		agent = w.pick(agents)
		t.say("conversation.answered", 20, 200, props{"author_role": "human", "agent_id": agent, "team": "tech", "wait_s": 20 + w.r.IntN(180), "leg_id": "leg-2"})
	}
	solved = w.chance(0.68)
	resolution := "none"
	if solved {
		resolution = w.pick([]string{"confirmed", "assumed"})
	}
	t.say("conversation.ended", 90, 900, props{"author_role": "human", "agent_id": agent, "resolution": resolution, "talk_s": 90 + w.r.IntN(800), "hold_s": w.r.IntN(180), "topic": about.name})
	t.say("conversation.wrapped", 20, 180, props{"agent_id": agent, "wrap_s": 20 + w.r.IntN(160), "disposition": about.name})
	if !solved {
		w.caseOf(t, agent, about)
	}
	w.rate(t, 3.4)
	return solved
}

// email is a thread; the customer may write from a second address.
func (w *writer) email(at time.Time, about topic) (solved bool) {
	address := w.p.Email
	if w.p.SecondEmail != "" && w.chance(0.5) {
		address = w.p.SecondEmail
	}
	agent := w.pick(agents)
	t := &talk{w: w, source: SourceMailbox, channel: "email", id: w.id("mail"), who: as{email: address, name: true}, at: at}
	t.say("conversation.started", 0, 1, props{"direction": "inbound", "author_role": "customer", "topic": about.name})
	t.words("customer", w.pick(about.opening), 0, 1, props{"subject": about.name})
	t.words("human", "Thank you for writing to us. We are looking into it.", 3600, 20*3600, props{"agent_id": agent})
	t.words("customer", w.pick(thanks), 3600, 30*3600, nil)
	t.say("conversation.ended", 60, 3600, props{"author_role": "human", "agent_id": agent, "resolution": "assumed", "topic": about.name})
	w.rate(t, 3.5)
	return w.chance(0.7)
}

// message is a short exchange by SMS with the bot.
func (w *writer) message(at time.Time, about topic) (solved bool) {
	t := &talk{w: w, source: SourceMessaging, channel: w.pick([]string{"sms", "rcs"}), id: w.id("sms"), who: as{phone: w.p.Phone}, at: at}
	t.say("conversation.started", 0, 1, props{"direction": "inbound", "author_role": "customer"})
	t.words("customer", w.pick(about.opening), 0, 1, nil)
	t.words("ai", "Reply 1 for a call back, 2 for a link to help.", 2, 9, props{"model": botModel, "tokens": 80, "cost": 0.0004})
	if w.chance(0.4) {
		t.words("customer", "1", 20, 600, nil)
		t.say("callback.requested", 1, 3, props{"author_role": "customer"})
		t.say("callback.completed", 3600, 8*3600, props{"author_role": "human", "agent_id": w.pick(agents), "talk_s": 100 + w.r.IntN(400)})
		t.say("conversation.ended", 1, 60, props{"author_role": "human", "resolution": "assumed", "topic": about.name})
		return true
	}
	t.words("customer", "2", 20, 600, nil)
	t.say("conversation.ended", 5, 60, props{"author_role": "ai", "resolution": "assumed", "topic": about.name})
	return w.chance(0.5)
}

// caseOf opens a case behind a conversation and follows it to its end.
func (w *writer) caseOf(t *talk, agent string, about topic) {
	c := props{"case_id": w.id("case"), "conversation_id": t.id, "topic": about.name, "priority": about.severity, "agent_id": agent}
	who := as{email: w.p.Email, name: true}
	if t.who.user != "" {
		who.user = t.who.user
	}
	at := w.after(t.at, 1, 120)
	step := func(name string, minS, maxS int, p props) {
		at = w.after(at, minS, maxS)
		w.send(SourceSupport, "", "track", name, at, who, merge(c, p))
	}
	step("case.opened", 0, 1, nil)
	step("sla.started", 0, 1, nil)
	step("case.assigned", 300, 4000, props{"team": "back-office"})
	if w.chance(0.25) {
		step("case.escalated", 3600, 9*3600, props{"team": "engineering"})
	}
	if w.chance(0.15) {
		step("sla.breached", 3600, 2*86400, nil)
	} else {
		step("sla.met", 60, 3600, nil)
	}
	step("case.resolved", 600, about.resolveIn*3600, props{"resolution": "confirmed"})
	if w.chance(about.callBack) {
		step("case.reopened", 3600, 5*86400, nil)
		step("case.resolved", 3600, 3*86400, props{"resolution": "confirmed"})
	}
	w.askCSAT(at, t.id, as{email: w.p.Email, name: true}, 3.3)
}

// rate asks for CSAT after a conversation; a third answers.
func (w *writer) rate(t *talk, mean float64) {
	if !w.chance(0.5) {
		return
	}
	who := t.who
	if who.email == "" && who.user == "" && who.phone == "" {
		return // nobody to ask
	}
	w.askCSAT(t.at, t.id, as{email: who.email, user: who.user, phone: who.phone}, mean)
}

func (w *writer) askCSAT(at time.Time, conversation string, who as, mean float64) {
	kind, scale := "csat", "1-5"
	p := props{"survey_id": w.id("srv"), "survey": kind, "survey_kind": "transactional", "about_conversation_id": conversation, "conversation_id": conversation}
	at = w.after(at, 60, 3600)
	w.send(SourceSurvey, "sms", "track", "survey.sent", at, who, p)
	if w.chance(0.38) {
		score := min(5, max(1, int(mean+w.p.Luck-0.2+w.r.NormFloat64())))
		at = w.after(at, 60, 86400)
		w.send(SourceSurvey, "sms", "track", "survey.answered", at, who, merge(p, props{"score": score, "scale": scale}))
		w.askCES(at, conversation, who, score)
	}
}

// askCES is a second question of the form, which every other one has: how easy it was, which goes with how content one is.
func (w *writer) askCES(at time.Time, conversation string, who as, csat int) {
	if w.serial%2 == 0 {
		return
	}
	p := props{"survey_id": w.id("ces"), "survey": "ces", "survey_kind": "transactional", "about_conversation_id": conversation, "conversation_id": conversation}
	w.send(SourceSurvey, "sms", "track", "survey.sent", at, who, p)
	score := min(7, csat+w.serial%4)
	w.send(SourceSurvey, "sms", "track", "survey.answered", at.Add(20*time.Second), who, merge(p, props{"score": score, "scale": "1-7"}))
}
