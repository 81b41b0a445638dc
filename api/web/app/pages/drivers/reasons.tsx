// The tab Drivers: what conversations were about, what of it rises, and what the long ones share.
import { useSpeech } from "../../i18n"
import { href, usePlace } from "../../router"
import { FilterBar, useScope } from "../../scope"
import type { Load } from "../../load"
import { Card } from "../../ui/parts"
import { Empty, Failure, Loaded } from "../../ui/states"
import { Behind } from "./behind"
import { type Drivers, spanOf, useBehind, useDrivers, weekOf } from "./ask"
import { Known, Long } from "./long"
import { Rising, Weeks } from "./rising"
import { Tree } from "./tree"

export function Reasons() {
  const scope = useScope()
  const load = useDrivers(spanOf(scope))
  const week = useDrivers(weekOf(scope))
  const { group } = useBehind()
  const { words } = useSpeech()
  return (
    <>
      <FilterBar />
      {failed(week) ? !failed(load) && <Card><Failure problem={week.problem!} retry={week.reload} /></Card> : (
        <div class="split level">
          <Weeks load={week} />
          <Rising load={week} />
        </div>
      )}
      <Loaded load={load} bones={10}>
        {(drivers) => drivers.conversations === 0
          ? <Empty title={words.drivers.noneTitle}>{words.drivers.noneHint}</Empty>
          : (
            <div class="split">
              <Tree drivers={drivers} />
              <div class="stack">
                <Long long={drivers.long} />
                <Known drivers={drivers} />
              </div>
            </div>
          )}
      </Loaded>
      {group && <Behind load={load} week={week} />}
    </>
  )
}

/** failed says that nothing is there to be shown. Both reports fail alike: that is said once. */
const failed = (load: Load<Drivers>) => load.problem && !load.data

/** useHere makes links to this page with other words in the query; what is looked at stays. */
export function useHere(): (changes: Record<string, string | string[]>) => string {
  const { path, query } = usePlace()
  return (changes) => {
    const all = new URLSearchParams(query)
    for (const [name, value] of Object.entries(changes)) {
      all.delete(name)
      for (const one of [value].flat()) if (one) all.append(name, one)
    }
    return href(path, all)
  }
}
