import { join, resolve } from 'node:path'
import { type AddedPack, addPack, listPacks, PACKS, type PackName, removePack } from '../app/content-packs.ts'
import { addCrs } from '../app/crs-pack.ts'
import { KanpekiError } from '../kernel/error.ts'
import { dataDir, prepareDataDir } from '../platform/data-dir.ts'
import { command } from './command.ts'
import { EXIT, takesAtMost } from './options.ts'

const USAGE = `Usage: kanpeki content add sigmahq|falco|crs --from DIR [--data DIR] [--json]
       kanpeki content list [--data DIR] [--json]
       kanpeki content remove NAME [--data DIR]

Takes a rule pack of others over from a folder, e.g. a clone that you fetched: nothing is downloaded. Adding it again brings
it up to date. What could not be understood is named with file, line and reason. A server reads it at its next start, and
what came, changed or went is then in the ledger. The Core Rule Set (a clone, a release, /usr/share/modsecurity-crs) lies in
waf/crs of the data folder, where 'kanpeki waf --rules' takes it from.
`

const REASONS_SHOWN = 10

export function contentCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      data: { type: 'string', default: './data' },
      from: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [action, name] = positionals
      takesAtMost(action === 'list' ? 1 : 2, positionals, USAGE)
      const dir = dataDir(values.data)
      const rules = join(dir.root, 'rules')
      const firewall = join(dir.root, 'waf')
      if (action === 'list') {
        for (const pack of [...listPacks(rules), ...listPacks(firewall)]) {
          const { name: id, loaded, refused, added, from } = pack
          process.stdout.write(
            values.json ? `${JSON.stringify(pack)}\n` : `${id}  ${loaded} rules, ${refused} refused  ${added}  ${from}\n`,
          )
        }
        return EXIT.ok
      }
      if (action === 'remove' && name !== undefined) {
        if (!(await removePack(name === 'crs' ? firewall : rules, name)))
          throw new KanpekiError('not_found', `There is no pack ${name}.`)
        return EXIT.ok
      }
      const isCrs = name === 'crs'
      if (action !== 'add' || name === undefined || !(isCrs || isPack(name)) || values.from === undefined)
        throw new KanpekiError('usage', 'What shall be added, and from where?', { remedy: `\n${USAGE}` })
      prepareDataDir(dir)
      const from = resolve(values.from)
      const added = isPack(name) ? await addPack(rules, name, from, Date.now()) : await addCrs(firewall, from, Date.now())
      process.stdout.write(values.json ? `${JSON.stringify(added)}\n` : told(added))
      return EXIT.ok
    },
  )
}

function isPack(name: string): name is PackName {
  return Object.hasOwn(PACKS, name)
}

function told({ name, files, loaded, refused, refusals, licence }: AddedPack): string {
  const reasons = Map.groupBy(refusals, ({ code }) => code)
  const lines = [...reasons]
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, REASONS_SHOWN)
    .map(([code, all]) => {
      const { file, line, reason } = all[0]!
      return `  ${String(all.length).padStart(5)}  ${code}: e.g. ${file}:${line}: ${reason}\n`
    })
  const when =
    name === 'crs'
      ? "'kanpeki waf --rules' takes them from waf/crs of the data folder"
      : "they run from the server's next start on"
  return `${name}: ${loaded} rules of ${files} files (${licence}), ${refused} refused; ${when}.\n${lines.join('')}`
}
