import { expect, it } from 'vitest'
import { rangeOver } from './range-over.ts'

const maven = (version: string | null) => ({ version, purl: `pkg:maven/org.apache.logging.log4j/log4j-core@${version}` })

it('orders each package as its own type says where the range names none', () => {
  const within = rangeOver('>=2|<2.10')
  expect(['2.9', '2.10', '2.9.1-beta', '1.9'].map((version) => within(maven(version)))).toEqual([true, false, true, false])
  // Debian's order, not that of Maven: a tilde comes before the end.
  expect(rangeOver('<2.10')({ version: '2.10~rc1', purl: 'pkg:deb/debian/x@2.10~rc1' })).toBe(true)
})

it('takes the type that the range names for all', () => {
  expect(rangeOver('vers:maven/<2.17.0')(maven('2.9'))).toBe(true)
  expect(rangeOver('vers:maven/<2.17.0')({ version: '2.14.1', purl: null })).toBe(true)
})

it('does not judge what has no version or no known order', () => {
  const within = rangeOver('<2')
  expect(within(maven(null))).toBeUndefined()
  expect(within({ version: '1', purl: null })).toBeUndefined()
  expect(within({ version: '1', purl: 'pkg:oci/shop@1' })).toBeUndefined()
  expect(within({ version: '1', purl: 'log4j' })).toBeUndefined()
})

it.each(['', '<', 'vers:maven/', 'vers:cobol/<2'])('refuses %s, which is no range', (text) => {
  expect(() => rangeOver(text)).toThrow(expect.objectContaining({ code: 'range_invalid' }))
})
