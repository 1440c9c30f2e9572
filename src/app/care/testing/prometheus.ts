export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/

/**
 * Reads Prometheus text format 0.0.4 as strictly as its specification is written: HELP and TYPE before the samples, each
 * family once, its lines together, no sample twice, counters named `_total` and not negative. @throws Error with the line.
 */
export function readPrometheus(text: string): readonly Family[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families: { name: string; type: string; help: string; samples: Sample[] }[] = []
  for (const [at, line] of text.slice(0, -1).split('\n').entries()) {
    const fault = (why: string): Error => new Error(`line ${at + 1}: ${why}: ${line}`)
    const last = families.at(-1)
    const [, help, words] = /^# HELP (\S+) (.+)$/.exec(line) ?? []
    const [, typed, type] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? []
    if (help !== undefined) {
      if (families.some(({ name }) => name === help)) throw fault('a family twice')
      families.push({ name: help, type: '', help: words!, samples: [] })
    } else if (typed !== undefined) {
      if (last?.name !== typed || last.type !== '') throw fault('a type without its help')
      last.type = type!
    } else {
      const sample = readSample(line)
      if (sample === undefined) throw fault('not a sample')
      if (last?.name !== sample.name || last.type === '') throw fault('a sample outside its family')
      if (last.type === 'counter' && (!sample.name.endsWith('_total') || sample.value < 0)) throw fault('not a counter')
      const key = JSON.stringify(sample.labels)
      if (last.samples.some(({ labels }) => JSON.stringify(labels) === key)) throw fault('a sample twice')
      last.samples.push(sample)
    }
  }
  return families
}

function readSample(line: string): Sample | undefined {
  const name = NAME.exec(line)?.[0]
  if (name === undefined) return undefined
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    for (let label = LABEL.exec(rest); label !== null; label = LABEL.exec(rest)) {
      labels[label[1]!] = label[2]!.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))
      rest = rest.slice(label[0].length)
      if (rest.startsWith(',')) rest = rest.slice(1)
    }
    if (!rest.startsWith('}')) return undefined
    rest = rest.slice(1)
  }
  if (!/^ -?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)$|^ NaN$/.test(rest)) return undefined
  return { name, labels, value: Number(rest.trim().replace('Inf', 'Infinity')) }
}
