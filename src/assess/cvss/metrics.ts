/** Metrics and their values, by version: `AV:NALP` is the metric AV with four values of a letter; longer values stand between commas. Required ones come first. */
interface Metrics {
  readonly required: string
  readonly optional: string
}

const V3 = {
  required: 'AV:NALP AC:LH PR:NLH UI:NR S:UC C:NLH I:NLH A:NLH',
  optional: 'E:XUPFH RL:XOTWU RC:XURC CR:XLMH IR:XLMH AR:XLMH MAV:XNALP MAC:XLH MPR:XNLH MUI:XNR MS:XUC MC:XNLH MI:XNLH MA:XNLH',
}

/** CVSS v2 §2.4, v3.0 and v3.1 §6, v4.0 §7. */
const METRICS = {
  '2.0': {
    required: 'AV:LAN AC:HML Au:MSN C:NPC I:NPC A:NPC',
    optional: 'E:U,POC,F,H,ND RL:OF,TF,W,U,ND RC:UC,UR,C,ND CDP:N,L,LM,MH,H,ND TD:N,L,M,H,ND CR:L,M,H,ND IR:L,M,H,ND AR:L,M,H,ND',
  },
  '3.0': V3,
  '3.1': V3,
  '4.0': {
    required: 'AV:NALP AC:LH AT:NP PR:NLH UI:NPA VC:HLN VI:HLN VA:HLN SC:HLN SI:HLN SA:HLN',
    optional:
      'E:XAPU CR:XHML IR:XHML AR:XHML MAV:XNALP MAC:XLH MAT:XNP MPR:XNLH MUI:XNPA MVC:XHLN MVI:XHLN MVA:XHLN MSC:XHLN MSI:XSHLN MSA:XSHLN S:XNP AU:XNY R:XAUI V:XDC RE:XLMH U:X,Clear,Green,Amber,Red',
  },
} as const satisfies Readonly<Record<string, Metrics>>

export type CvssVersion = keyof typeof METRICS
export const CVSS_VERSIONS: readonly CvssVersion[] = ['2.0', '3.0', '3.1', '4.0']

/** Which score a metric belongs to; what is supplemental (4.0) belongs to none. */
export type MetricGroup = 'base' | 'threat' | 'environmental' | 'supplemental'
export interface CvssMetric {
  readonly name: string
  readonly group: MetricGroup
  /** What is not defined (X, ND) among them. */
  readonly values: readonly string[]
}

const THREAT: ReadonlySet<string> = new Set(['E', 'RL', 'RC'])
const SUPPLEMENTAL: ReadonlySet<string> = new Set(['S', 'AU', 'R', 'V', 'RE', 'U'])

const parse = (text: string): Map<string, ReadonlySet<string>> =>
  new Map(
    text.split(' ').map((item) => {
      const [name, values] = item.split(':') as [string, string]
      return [name, new Set(values.includes(',') ? values.split(',') : values)]
    }),
  )

const TABLES = new Map(
  Object.entries(METRICS).map(([version, { required, optional }]) => [
    version,
    { required: parse(required), optional: parse(optional) },
  ]),
)

/** What is wrong with a vector's metrics, in words; undefined where nothing is. */
export function faultOf(version: CvssVersion, metrics: readonly string[]): string | undefined {
  const { required, optional } = TABLES.get(version)!
  const seen = new Set<string>()
  for (const metric of metrics) {
    const [name, value, ...rest] = metric.split(':') as [string, string | undefined]
    const values = required.get(name) ?? optional.get(name)
    if (values === undefined) return `CVSS ${version} has no metric "${name}"`
    if (value === undefined || rest.length > 0 || !values.has(value))
      return `"${metric}" is not one of ${[...values].map((one) => `${name}:${one}`).join(', ')}`
    if (seen.has(name)) return `${name} is given twice`
    seen.add(name)
  }
  const missing = [...required.keys()].filter((name) => !seen.has(name))
  return missing.length === 0 ? undefined : `${missing.join(', ')} missing`
}

const LISTS = new Map(
  [...TABLES].map(([version, { required, optional }]) => [
    version,
    [
      ...[...required].map(([name, values]): CvssMetric => ({ name, group: 'base', values: [...values] })),
      ...[...optional].map(
        ([name, values]): CvssMetric => ({
          name,
          group: THREAT.has(name) ? 'threat' : version === '4.0' && SUPPLEMENTAL.has(name) ? 'supplemental' : 'environmental',
          values: [...values],
        }),
      ),
    ],
  ]),
)

/** The metrics of a version in the order in which vectors have them. */
export function metricsOf(version: CvssVersion): readonly CvssMetric[] {
  return LISTS.get(version)!
}
