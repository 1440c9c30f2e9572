import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type FeedFile, loadFeeds } from '../assess/feeds/load.ts'
import { KanpekiError } from '../kernel/error.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki feeds update --from PATH… [--data DIR]
       kanpeki feeds status [--data DIR] [--json]

Takes over advisories for scans where there is no network: OSV (all.zip of an ecosystem, .json, .jsonl), CISA's KEV (.json), FIRST's EPSS
(.csv, .csv.gz). Each file is read whole before it replaces the one before; one that cannot be read changes nothing.

Exit: 0 taken over, 1 some file was refused, 64 wrong usage.
`

/** `kanpeki feeds`. */
export function feedsCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          from: { type: 'string', multiple: true },
          data: { type: 'string', default: './data' },
          json: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    const [verb] = positionals
    if (values.help) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    const folder = join(values.data, 'feeds')
    if (verb === 'update' && values.from !== undefined) return await update(values.from, folder)
    if (verb === 'status') return await status(folder, values.json)
    throw new KanpekiError('usage', 'It knows update --from PATH, and status.', { remedy: `\n${USAGE}` })
  })
}

async function update(from: readonly string[], folder: string): Promise<number> {
  let refused = 0
  for (const path of from) {
    const { files, problems } = await loadFeeds([path])
    for (const { file, reason } of problems) process.stderr.write(`kanpeki: ${plain(file)}: ${plain(reason)}\n`)
    // A file of which nothing could be read is no feed.
    const good = files.filter(({ items }) => items > 0)
    refused += files.length - good.length + problems.filter(({ file }) => !files.some((one) => file.startsWith(one.file))).length
    for (const one of good) {
      await take(one, join(folder, one.kind), from.length === 1 ? path : '')
      process.stderr.write(`${plain(one.file)}: ${one.items} ${one.kind === 'osv' ? 'advisories' : 'entries'}\n`)
    }
  }
  return refused === 0 ? EXIT.ok : EXIT.failed
}

/** OSV calls every ecosystem's file all.zip: the folder's name goes before it. Half a copy never takes the place of a whole one. */
async function take({ file, kind }: FeedFile, folder: string, root: string): Promise<void> {
  const parts = file
    .slice(root.length)
    .split('/')
    .filter((part) => part !== '')
  const name = kind === 'osv' && parts.length > 1 ? parts.slice(-2).join('-') : basename(file)
  await mkdir(folder, { recursive: true })
  const half = join(folder, `.${name}.part`)
  try {
    await copyFile(file, half)
    await rename(half, join(folder, name))
  } finally {
    await rm(half, { force: true })
  }
}

async function status(folder: string, json: boolean): Promise<number> {
  const { files, problems, advisories, kev, epss } = await loadFeeds([folder])
  const told = {
    advisories: advisories.size,
    newest: advisories.newest,
    ecosystems: Object.fromEntries([...advisories.ecosystems].sort()),
    kev: kev === null ? null : { released: kev.released, entries: kev.byCve.size },
    epss: epss === null ? null : { date: epss.date, scores: epss.byCve.size },
    files,
    problems,
  }
  if (json) process.stdout.write(`${JSON.stringify(told)}\n`)
  else {
    for (const { file, kind, items } of files)
      process.stdout.write(`${kind.padEnd(5)} ${String(items).padStart(8)}  ${plain(file)}\n`)
    process.stdout.write(
      `${advisories.size} advisories, newest ${advisories.newest ?? 'none'}; KEV ${kev?.released ?? 'none'}; EPSS ${epss?.date ?? 'none'}\n`,
    )
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed
}
