// A row of figures, each with its name.
export interface Figure { name: string; value: string; note?: string }

export function Figures({ all }: { all: Figure[] }) {
  return <dl class="figures">{all.map((f) => <div key={f.name}><dt>{f.name}</dt><dd>{f.value}{f.note && <span class="small soft"> {f.note}</span>}</dd></div>)}</dl>
}
