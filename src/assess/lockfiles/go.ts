import { collector, type LockReader } from './lockfile.ts'

/** Go: `go.mod`, which since Go 1.17 names every module of the build; `replace` counts, and the toolchain is the standard library. */
export const go: LockReader = {
  id: 'go',
  accepts: (name) => name === 'go.mod',
  read(text) {
    const found = collector()
    const required = new Map<string, string>()
    const replaced = new Map<string, string | null>()
    let block = ''
    let language: string | undefined
    let toolchain: string | undefined
    for (const raw of text.split('\n')) {
      const line = raw.replace(/\/\/.*$/, '').trim()
      if (line === '') continue
      if (block !== '' && line === ')') {
        block = ''
        continue
      }
      const [, begins] = /^(\w+)\s*\($/.exec(line) ?? []
      if (begins !== undefined) {
        block = begins
        continue
      }
      const [verb = '', ...rest] = block === '' ? line.split(/\s+/) : [block, ...line.split(/\s+/)]
      const words = rest.map((word) => word.replace(/^"|"$/g, ''))
      if (verb === 'go') language = words[0]
      if (verb === 'toolchain') toolchain = words[0]?.replace(/^go/, '')
      if (verb === 'require' && words[0] !== undefined && words[1] !== undefined) required.set(words[0], words[1])
      if (verb === 'replace') {
        const arrow = words.indexOf('=>')
        const [path, version] = words.slice(arrow + 1)
        const key = arrow === 2 ? `${words[0]} ${words[1]}` : words[0]!
        replaced.set(key, path === undefined || version === undefined ? null : `${path} ${version}`)
      }
    }
    for (const [path, version] of required) {
      const other = replaced.get(`${path} ${version}`) ?? replaced.get(path)
      const local = replaced.has(`${path} ${version}`) || replaced.has(path)
      if (local && other == null) {
        found.leave(`${path} ${version}: replaced by a folder`)
        continue
      }
      const [name = path, at = version] = other?.split(' ') ?? []
      found.add('golang', name, at.replace(/^v/, ''))
    }
    const standard = toolchain ?? language
    if (standard !== undefined && /^\d/.test(standard)) found.add('golang', 'stdlib', standard)
    return found.reading()
  },
}
