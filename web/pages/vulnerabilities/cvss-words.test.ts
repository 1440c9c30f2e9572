import { expect, it } from 'vitest'
import { CVSS_VERSIONS, metricsOf } from '../../../src/assess/cvss/metrics.ts'
import { en } from '../../i18n/en.ts'
import { ja } from '../../i18n/ja.ts'
import { metricKey, valueKey } from './cvss-words.ts'

it('has words for every metric and value of every version', () => {
  const missing: string[] = []
  let looked = 0
  for (const version of CVSS_VERSIONS)
    for (const { name, values } of metricsOf(version))
      for (const value of values) {
        looked += 1
        for (const { metric, value: texts } of [en.cvss, ja.cvss])
          if (metric[metricKey(version, name)] === undefined || texts[valueKey(version, name, value)] === undefined)
            missing.push(`${version} ${name}:${value}`)
      }
  console.info(`${looked} values of metrics`)
  expect(missing).toEqual([])
  expect(looked).toBeGreaterThan(300)
})
