import { collector, type LockReader } from './lockfile.ts'

/** Yarn: `yarn.lock` of version 1, and of Berry (YAML in form; only its own few lines are read). */
export const yarn: LockReader = {
  id: 'yarn',
  accepts: (name) => name === 'yarn.lock',
  read(text) {
    const found = collector()
    for (const block of text.split(/\n(?=\S)/)) {
      const [header = ''] = block.split('\n', 1)
      if (header.startsWith('#') && !block.includes('\n  ')) continue
      const version = /^ {2}version:? "?([^"\n]+?)"?$/m.exec(block)?.[1]
      const resolution = /^ {2}resolution: "?([^"\n]+?)"?$/m.exec(block)?.[1]
      if (version === undefined || header.startsWith('__metadata')) continue
      const spec = header.replace(/^"|"?:?$/g, '').split(/"?, "?/)[0]!
      const name = nameOf(resolution ?? spec)
      // A workspace, a link or a patch of our own is not what a registry knows by this version.
      if (name === undefined || /@(workspace|link|portal|file):/.test(resolution ?? spec)) {
        if (!/@workspace:/.test(resolution ?? spec)) found.leave(spec)
      } else found.add('npm', name, version)
    }
    return found.reading()
  },
}

/** `@scope/name@npm:^1` → `@scope/name`; of an alias (`mine@npm:real@^1`) the real one. */
function nameOf(spec: string): string | undefined {
  const alias = /@npm:(@?[^@]+)@/.exec(spec)?.[1]
  return alias ?? /^(@?[^@]+)@/.exec(spec)?.[1]
}
