import { expect, it } from 'vitest'
import { codeOf } from '../../platform/testing/code-of.ts'
import { readJar } from './jar.ts'
import { zipOf } from './testing/zip-of.ts'
import { readZip } from './zip.ts'

const pom = (group: string, name: string, version: string) => ({
  [`META-INF/maven/${group}/${name}/pom.properties`]: `#Generated\nversion=${version}\r\ngroupId=${group}\r\nartifactId=${name}\r\n`,
})
const LOG4J = zipOf(pom('org.apache.logging.log4j', 'log4j-core', '2.14.1'))

it('reads what Maven wrote into jars, also where they lie in others, and names what has nothing', () => {
  const left: string[] = []
  const war = zipOf({
    ...pom('com.example', 'shop', '1.0'),
    'WEB-INF/lib/log4j-core.jar': LOG4J,
    'WEB-INF/lib/old.jar': zipOf({ 'a.class': 'x' }),
  })
  const found = readJar(zipOf({ 'shop.war': war }, { stored: true }), 'app.ear', left)
  expect(found.map(({ purl, place }) => `${purl} ${place}`)).toEqual([
    'pkg:maven/com.example/shop@1.0 app.ear!shop.war',
    'pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1 app.ear!shop.war!WEB-INF/lib/log4j-core.jar',
  ])
  expect(left).toEqual(['app.ear!shop.war!WEB-INF/lib/old.jar'])
  let nested: Buffer = LOG4J
  for (let depth = 0; depth < 8; depth++) nested = zipOf({ 'a.jar': nested })
  const deep: string[] = []
  expect(readJar(nested, 'deep.jar', deep)).toEqual([])
  expect(deep[0]).toContain('nested too deep')
})

function turned(bytes: Buffer, text: string): Buffer {
  const copy = Buffer.from(bytes)
  copy.write('X', copy.indexOf(text))
  return copy
}

it.each([
  ['no archive', Buffer.from('hello, this is long enough to hold an end record')],
  ['an archive whose end is cut off', LOG4J.subarray(0, LOG4J.length - 30)],
  ['an entry that unpacks to less than it says', zipOf({ 'a.jar': 'x' }, { lie: 1000 })],
  ['an entry that unpacks to more than it says', zipOf({ 'a.jar': 'x'.repeat(5000) }, { lie: -4000 })],
  ['an entry that says it is huge', zipOf({ 'a.jar': 'x' }, { lie: 0x7fffffff })],
  ['an entry that is another than its checksum says', turned(zipOf({ 'a.jar': 'content' }, { stored: true }), 'content')],
  ['an encrypted entry', zipOf({ 'a.jar': 'x' }, { flags: 1 })],
])('refuses %s', (_, bytes) => {
  expect(codeOf(() => [...readZip(bytes, 'x.zip', () => true)])).toBe('zip_invalid')
})

it('tells names and follows none', () => {
  const entries = [...readZip(zipOf({ '../../etc/passwd': 'x', '/abs': 'y', 'ok/': '' }), 'x.zip', () => true)]
  expect(entries.map(({ name }) => name)).toEqual(['../../etc/passwd', '/abs'])
})

it('reads a program behind a script that starts it', () => {
  const boot = Buffer.concat([Buffer.from('#!/bin/bash\nexec java -jar "$0"\n'), LOG4J])
  expect(readJar(boot, 'boot.jar').map(({ purl }) => purl)).toEqual(['pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1'])
})

/** An archive with one entry's bytes under as many entries as wanted. */
function alike(inner: Buffer, count: number): Buffer {
  const zip = zipOf({ 'a.jar': inner })
  const end = Buffer.from(zip.subarray(-22))
  const directory = zip.readUInt32LE(zip.length - 6)
  end.writeUInt16LE(count, 10)
  const entry = zip.subarray(directory, -22)
  return Buffer.concat([zip.subarray(0, directory), ...Array.from({ length: count }, () => entry), end])
}

it('says so where archives in archives are more than anybody reads', () => {
  const left: string[] = []
  readJar(alike(alike(alike(alike(LOG4J, 100), 100), 100), 100), 'bomb.jar', left)
  expect(left.at(-1)).toMatch(/^bomb\.jar!a\.jar: more than 10000 archives in one/)
  expect(left.length).toBeLessThan(11)
})
