import type { CvssMetric, CvssVersion } from '../../../src/assess/cvss/metrics.ts'
import type { en } from '../../i18n/en.ts'

export type MetricKey = keyof (typeof en)['cvss']['metric']
export type ValueKey = keyof (typeof en)['cvss']['value']

/** The metric that a modified one stands for, or the metric itself. */
export function plainMetric(version: CvssVersion, name: string): string {
  const below = name.slice(1)
  return version !== '2.0' && name.startsWith('M') && name.length > 1 && below !== '' ? below : name
}

/** Under which key its words stand: some letters mean another thing in another version. */
export function metricKey(version: CvssVersion, name: string): MetricKey {
  const plain = plainMetric(version, name)
  if (version === '2.0' && plain === 'AC') return 'AC2'
  return (version === '4.0' && (plain === 'S' || plain === 'E') ? `${plain}4` : plain) as MetricKey
}

const IMPACTS: ReadonlySet<string> = new Set(['C', 'I', 'A', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA'])
const LEVELS: ReadonlySet<string> = new Set(['CR', 'IR', 'AR'])

export function valueKey(version: CvssVersion, name: string, value: string): ValueKey {
  if (value === 'X' || value === 'ND') return 'X'
  const plain = plainMetric(version, name)
  const key = metricKey(version, name)
  const family = IMPACTS.has(plain) ? 'impact' : LEVELS.has(plain) ? 'level' : key === 'AC2' ? 'AC' : key
  return `${family}-${value}` as ValueKey
}

/** What stands for "not defined", which every optional metric knows. */
export function undefinedOf({ values }: CvssMetric): string | undefined {
  return values.find((value) => value === 'X' || value === 'ND')
}
