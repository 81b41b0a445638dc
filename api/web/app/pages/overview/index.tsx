import { FilterBar } from "../../scope"

export default function Overview() {
  return <FilterBar />
}
