// The frame of every page: who is signed in, where one can go, in which language and in which light.
import type { ComponentType } from "preact"
import { useEffect, useErrorBoundary, useMemo, useRef, useState } from "preact/hooks"
import { onSignedOut, Problem, problemOf, unreachable } from "./api"
import { Denied } from "./denied"
import { choose, languages, type Language, preferred, speechOf, Speaking, useSpeech } from "./i18n"
import { useKeydown } from "./keys"
import { forgetLoads } from "./load"
import { pages, type Page } from "./pages"
import { followed, go, href, usePlace } from "./router"
import { onSignedOutElsewhere, type Session, SessionContext, signOut, useSession, whenOver, whoAmI } from "./session"
import { SignIn } from "./signin"
import { Button, Select } from "./ui/parts"
import { Bones, Empty, Failure } from "./ui/states"
import { tell, Toasts } from "./ui/toast"
import { useWritten } from "./ui/written"

type Standing = "asking" | "out" | "ended" | Session | Problem

export function App() {
  const [language, setLanguage] = useState<Language>(preferred)
  const [standing, set] = useState<Standing>("asking")
  const ask = () => whoAmI().then((s) => set(s ?? "out"), (fault) => set(problemOf(fault)))
  useEffect(() => {
    void ask()
    const end = () => { forgetLoads(); set((now) => (typeof now === "object" ? "ended" : now)) }
    const ends = [onSignedOut(end), onSignedOutElsewhere(end)]
    return () => { for (const stop of ends) stop() }
  }, [])
  const expires = typeof standing === "object" && !(standing instanceof Problem) ? standing.expires : undefined
  useEffect(() => whenOver(expires, () => { forgetLoads(); set("ended") }), [expires])
  useEffect(() => { document.documentElement.lang = languages[language].locale }, [language])
  const speech = useMemo(() => speechOf(language), [language])
  const speak = (chosen: Language) => { choose(chosen); setLanguage(chosen) }
  return (
    <Speaking.Provider value={speech}>
      {standing === "asking" ? <div class="signin"><Bones lines={3} /></div>
        : standing instanceof Problem ? <main class="signin"><Failure problem={standing} retry={ask} /></main>
        : typeof standing === "string" ? <SignIn ended={standing === "ended"} onDone={() => { forgetLoads(); void ask() }} settings={<Settings speak={speak} />} />
        : <SessionContext.Provider value={standing}><Shell speak={speak} onOut={() => set("out")} /></SessionContext.Provider>}
      <Toasts />
    </Speaking.Provider>
  )
}

function Shell({ speak, onOut }: { speak: (language: Language) => void; onOut: () => void }) {
  const { words } = useSpeech()
  const session = useSession()
  const { path } = usePlace()
  const [open, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const page = pages.find((p) => path === p.path || path.startsWith(p.path + "/"))
  const first = pages.find((p) => session.scopes.includes(p.scope)) ?? pages[0]!
  useEffect(() => { if (path === "/") go(href(first.path), true) }, [path])
  useEffect(() => {
    setOpen(false)
    document.title = page ? `${words.common.pages[page.name]} · Tributary` : "Tributary"
  }, [page, path, words])
  useSlash()
  const leave = () => void signOut().then(() => { forgetLoads(); onOut() }, () => tell(words.common.signIn.notOut))
  return (
    <div class={open ? "shell open" : "shell"} onClick={followed}>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus() }}>{words.common.skip}</a>
      <div class="top">
        <strong>Tributary</strong>
        <Button aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>{words.common.menu}</Button>
      </div>
      <nav id="menu" aria-label={words.common.menu}>
        <a class="brand" href={href("/overview")}>Tributary</a>
        <FindBox />
        <ul>
          {pages.map((p) => <li key={p.path}><a href={href(p.path)} aria-current={p === page ? "page" : undefined}>{words.common.pages[p.name]}</a></li>)}
        </ul>
        <footer>
          <span>{words.common.signIn.workspace}: <bdi>{session.workspace}</bdi></span>
          <Settings speak={speak} />
          <Button small onClick={leave}>{words.common.signIn.out}</Button>
        </footer>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {page && !page.inside && !session.scopes.includes(page.scope) ? <><h1>{words.common.pages[page.name]}</h1><Denied scope={page.scope} /></>
          : page ? <Part key={page.path} page={page} /> : path !== "/" && <Empty title={words.common.states.notFound}>{words.common.states.notFoundHint}</Empty>}
      </main>
    </div>
  )
}

/** Part is a page, which is fetched when it is first looked at. A fault in it leaves the frame standing. */
function Part({ page }: { page: Page }) {
  const [Body, set] = useState<ComponentType>()
  const [lost, setLost] = useState(false)
  const [fault, again] = useErrorBoundary((error) => reportError(error))
  const { words } = useSpeech()
  const fetchIt = () => page.load().then((m) => { setLost(false); set(() => m.default) }, () => setLost(true))
  useEffect(() => void fetchIt(), [page])
  if (fault) return <Failure problem={new Problem(500, words.common.states.error, "", "")} retry={again} />
  if (lost) return <Failure problem={unreachable()} retry={() => void fetchIt()} />
  return Body ? <><h1>{words.common.pages[page.name]}</h1><Body /></> : <Bones />
}

/** FindBox leads to the search for customers from everywhere. */
function FindBox() {
  const { words } = useSpeech()
  const { path, query } = usePlace()
  const box = useWritten(path === "/customers" ? query.get("q") ?? "" : "")
  return (
    <form class="find" role="search" onSubmit={(e) => { e.preventDefault(); go(href("/customers", { q: String(new FormData(e.currentTarget).get("q") ?? "").trim() })) }}>
      <input ref={box} name="q" type="search" placeholder={words.common.search} aria-label={words.common.search} aria-keyshortcuts="/" autocomplete="off" spellcheck={false} />
    </form>
  )
}

/** useSlash puts the cursor into the search at "/", unless somebody writes. */
function useSlash() {
  useKeydown((event) => {
    if (event.key !== "/") return
    event.preventDefault()
    document.querySelector<HTMLInputElement>(".find input")?.focus()
  })
}

const themeKey = "tributary.theme"

/** dress gives the page the theme that was chosen before. */
export function dress(): void {
  const theme = localStorage.getItem(themeKey)
  if (theme) document.documentElement.dataset.theme = theme
  else delete document.documentElement.dataset.theme
}

function Settings({ speak }: { speak: (language: Language) => void }) {
  const { words, language } = useSpeech()
  const [theme, set] = useState(localStorage.getItem(themeKey) ?? "")
  const wear = (chosen: string) => {
    if (chosen) localStorage.setItem(themeKey, chosen)
    else localStorage.removeItem(themeKey)
    dress()
    set(chosen)
  }
  const say = words.common.theme
  return (
    <div class="row">
      <Select bare label={words.common.language} value={language} onChange={(v) => speak(v as Language)}
        options={Object.entries(languages).map(([value, l]) => ({ value, label: l.name }))} />
      <Select bare label={say.label} value={theme} onChange={wear}
        options={[{ value: "", label: say.system }, { value: "light", label: say.light }, { value: "dark", label: say.dark }]} />
    </div>
  )
}
