/** Values of a metric's labels, by label name. */
export type Labels = Readonly<Record<string, string>>

export interface Counter {
  add(labels?: Labels, by?: number): void
  value(labels?: Labels): number
}

export interface Gauge {
  set(value: number, labels?: Labels): void
  value(labels?: Labels): number | undefined
}

/** A counter that is kept elsewhere, in a store that outlives the process. */
export interface Tally {
  set(total: number, labels?: Labels): void
}

export interface Metrics {
  /** Only grows. The same name gives the same counter. */
  counter(name: string, help: string): Counter
  gauge(name: string, help: string): Gauge
  tally(name: string, help: string): Tally
  /** A gauge whose value is asked for when the metrics are read. */
  observe(name: string, help: string, read: () => number): void
  /** Prometheus text format 0.0.4. */
  text(): string
}

interface Family {
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly series: Map<string, number>
  readonly read?: () => number
}

const NAME = /^[a-z][a-z0-9_]*$/

/** A registry of its own: whoever wires the server makes one and hands it on. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>()

  const family = (name: string, help: string, type: Family['type'], read?: () => number): Family => {
    const known = families.get(name)
    if (known !== undefined && known.type === type && read === undefined) return known
    if (known !== undefined || !NAME.test(name)) throw new TypeError(`${name} is not a free metric name`)
    const made: Family = { help, type, series: new Map(), ...(read === undefined ? {} : { read }) }
    families.set(name, made)
    return made
  }

  return {
    counter(name, help) {
      const { series } = family(name, help, 'counter')
      return {
        add(labels = {}, by = 1) {
          if (!(by >= 0)) throw new RangeError(`the counter ${name} cannot shrink`)
          const key = seriesKey(labels)
          series.set(key, (series.get(key) ?? 0) + by)
        },
        value: (labels = {}) => series.get(seriesKey(labels)) ?? 0,
      }
    },
    gauge(name, help) {
      const { series } = family(name, help, 'gauge')
      return {
        set: (value, labels = {}) => void series.set(seriesKey(labels), value),
        value: (labels = {}) => series.get(seriesKey(labels)),
      }
    },
    tally(name, help) {
      const { series } = family(name, help, 'counter')
      return { set: (total, labels = {}) => void series.set(seriesKey(labels), total) }
    },
    observe: (name, help, read) => void family(name, help, 'gauge', read),
    text: () => [...families].map(([name, one]) => familyText(name, one)).join(''),
  }
}

function familyText(name: string, { help, type, series, read }: Family): string {
  const values = read === undefined ? [...series] : [['', read()] as const]
  const lines = values.map(([labels, value]) => `${name}${labels} ${value}\n`)
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function seriesKey(labels: Labels): string {
  const names = Object.keys(labels).sort()
  if (names.length === 0) return ''
  return `{${names.map((name) => `${name}="${escapeLabel(labels[name] ?? '')}"`).join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
