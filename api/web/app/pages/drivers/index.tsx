// Why customers make contact, how many will, and what the classifier was taught about it.
import { useSpeech } from "../../i18n"
import { usePlace } from "../../router"
import { scopeWords } from "../../scope"
import { Tabs } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { Forecast } from "./forecast"
import { Labels } from "./labels"
import { Staffing } from "./staffing"
import { Reasons } from "./reasons"

const tabs = { "/drivers": Reasons, "/drivers/forecast": Forecast, "/drivers/staffing": Staffing, "/drivers/labels": Labels }

export default function DriversPage() {
  const { words } = useSpeech()
  const say = words.drivers.tabs
  const { path } = usePlace()
  const Tab = tabs[path as keyof typeof tabs]
  return (
    <>
      <Tabs label={say.label} keep={scopeWords} tabs={[
        { path: "/drivers", label: say.topics }, { path: "/drivers/forecast", label: say.forecast },
        { path: "/drivers/staffing", label: say.staffing }, { path: "/drivers/labels", label: say.labels },
      ]} />
      {Tab ? <Tab /> : <Empty title={words.common.states.notFound}>{words.common.states.notFoundHint}</Empty>}
    </>
  )
}
