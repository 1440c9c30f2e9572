import { expect, it } from 'vitest'
import { maven } from './java.ts'
import { gem } from './other.ts'
import { pip } from './python.ts'

const property = (name: string) => `\${${name}}`
const pom = (inner: string) => `<project>${inner}</project>`
const dependency = (group: string, version: string) =>
  `<dependencies><dependency><groupId>${group}</groupId><artifactId>core</artifactId><version>${version}</version></dependency></dependencies>`
const parent = '<parent><groupId>com.acme</groupId><artifactId>all</artifactId><version>2.0</version></parent>'

it('takes group and version of a Maven project from its parent, and leaves a name that it does not know', () => {
  const own = dependency(property('project.groupId'), property('project.version'))
  expect(maven.read(pom(parent + own))).toMatchObject({ packages: [{ purl: 'pkg:maven/com.acme/core@2.0' }], left: [] })
  expect(maven.read(pom(`${parent}<groupId>com.acme.shop</groupId><version>3</version>${own}`)).packages[0]?.purl).toBe(
    'pkg:maven/com.acme.shop/core@3',
  )
  expect(maven.read(pom(dependency(property('elsewhere'), '1')))).toEqual({
    packages: [],
    left: [`${property('elsewhere')}:core: named by a property that is not here`],
  })
})

it('fills no properties that grow with each turn', () => {
  const properties = Array.from({ length: 9 }, (_, at) => `<p${at}>${property(`p${at + 1}`).repeat(12)}</p${at}>`).join('')
  const before = process.cpuUsage()
  const { packages, left } = maven.read(pom(`<properties>${properties}</properties>${dependency('a', property('p0'))}`))
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(1)
  expect(packages).toEqual([])
  expect(left[0]?.length).toBeLessThan(1000)
})

it('takes any platform off the version of a gem', () => {
  const platforms = ['x86_64-linux', 'riscv64-linux-gnu', 'powerpc-linux', 'ppc64le-linux', 's390x-linux', 'mswin64-140', 'jruby']
  const gems = platforms.map((platform, at) => `    gem${at} (1.16.0-${platform})\n`).join('')
  const { packages } = gem.read(`GEM\n  remote: https://rubygems.org/\n  specs:\n${gems}`)
  expect(new Set(packages.map(({ version }) => version))).toEqual(new Set(['1.16.0']))
  expect(packages).toHaveLength(platforms.length)
})

it('reads a line of requirements with very many blanks in time', () => {
  const before = process.cpuUsage()
  expect(pip.read(`a${' '.repeat(200_000)}x\nb [c]  == 1.0`).packages.map(({ purl }) => purl)).toEqual(['pkg:pypi/b@1.0'])
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5)
})
