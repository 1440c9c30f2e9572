import { expect, it } from 'vitest'
import { schemeOfEcosystem } from '../version/schemes.ts'
import { publishedFeeds } from './published.ts'

const named = (...ecosystems: readonly string[]) => publishedFeeds('osv', ecosystems, 2026).map(({ id }) => id.slice(4))

it('knows words for several ecosystems, each once, and an order of versions for all of them', () => {
  expect(named()).toEqual(named('usual'))
  expect(named('distributions')).toContain('Red Hat')
  expect(named('Bitnami', 'distributions', 'Debian')).toEqual(['Bitnami', ...named('distributions')])
  expect(named('all')).toEqual([...new Set(named('all'))])
  expect(named('all').filter((one) => schemeOfEcosystem(one) === undefined)).toEqual([])
  expect(publishedFeeds('osv', ['Red Hat'], 2026)).toEqual([
    {
      id: 'osv Red Hat',
      url: 'https://osv-vulnerabilities.storage.googleapis.com/Red%20Hat/all.zip',
      path: 'osv/Red-Hat-all.zip',
    },
  ])
})
