// Customers: found by anything, and one of them with all that is known.
import { usePlace } from "../../router"
import { Customer } from "./customer"
import { Search } from "./search"

export default function Customers() {
  const { path } = usePlace()
  const [, , address, tab] = path.split("/")
  return address ? <Customer key={address} address={decoded(address)} encoded={address} tab={tab ?? ""} /> : <Search />
}

/** decoded is an address as it was before it was put into the path; of what cannot be decoded the server says so. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
