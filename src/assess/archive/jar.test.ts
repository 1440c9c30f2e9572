import { crc32, deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { codeOf } from '../../platform/testing/code-of.ts'
import { readJar } from './jar.ts'
import { readZip } from './zip.ts'

/** A ZIP archive (APPNOTE 6.3.10). `lie` changes what the directory says of the first entry's size. */
function zipOf(files: Readonly<Record<string, string | Buffer>>, { stored = false, lie = 0, flags = 0 } = {}): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    const packed = stored ? bytes : deflateRawSync(bytes)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(flags, 8)
    central.writeUInt16LE(stored ? 0 : 8, 10)
    central.writeUInt32LE(crc32(bytes), 16)
    central.writeUInt32LE(packed.length, 20)
    central.writeUInt32LE(bytes.length + lie, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(offset, 42)
    locals.push(local, Buffer.from(name), packed)
    centrals.push(central, Buffer.from(name))
    offset += 30 + name.length + packed.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

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

it.each([
  ['no archive', Buffer.from('hello, this is long enough to hold an end record')],
  ['an archive whose end is cut off', LOG4J.subarray(0, LOG4J.length - 30)],
  ['an entry that unpacks to less than it says', zipOf({ 'a.jar': 'x' }, { lie: 1000 })],
  ['an entry that unpacks to more than it says', zipOf({ 'a.jar': 'x'.repeat(5000) }, { lie: -4000 })],
  ['an entry that says it is huge', zipOf({ 'a.jar': 'x' }, { lie: 0x7fffffff })],
  ['an encrypted entry', zipOf({ 'a.jar': 'x' }, { flags: 1 })],
])('refuses %s', (_, bytes) => {
  expect(codeOf(() => [...readZip(bytes, 'x.zip', () => true)])).toBe('zip_invalid')
})

it('tells names and follows none', () => {
  const entries = [...readZip(zipOf({ '../../etc/passwd': 'x', '/abs': 'y', 'ok/': '' }), 'x.zip', () => true)]
  expect(entries.map(({ name }) => name)).toEqual(['../../etc/passwd', '/abs'])
})
