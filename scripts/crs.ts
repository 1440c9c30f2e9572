/**
 * `npm run crs -- DIR`: the Core Rule Set's regression tests against `kanpeki waf`, over the wire. DIR holds `rules/`, a
 * `crs-setup.conf` (or `.example`) and the tests, as the project's repository does. Build first (`npm run build`).
 */
import { existsSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCrs } from '../test/support/crs-run.ts'
import { CRS_BASE, CRS_KNOWN } from '../test/support/crs-settings.ts'
import { temporaryFolder } from '../test/support/kanpeki.ts'
import { reflectApplication } from '../test/support/reflect-application.ts'
import { startWaf } from '../test/support/waf.ts'

async function main(folder: string | undefined): Promise<number> {
  const setup =
    folder === undefined
      ? undefined
      : ['crs-setup.conf', 'crs-setup.conf.example'].map((name) => join(folder, name)).find(existsSync)
  if (folder === undefined || setup === undefined) {
    process.stderr.write('Usage: npm run crs -- DIR\nDIR is a copy of the Core Rule Set with its tests.\n')
    return 64
  }
  const files =
    ['tests/regression/tests', 'tests']
      .map((path) => globSync(join(folder, path, '**/*.y*ml')).sort())
      .find((found) => found.length > 0) ?? []
  const { path, remove } = temporaryFolder()
  const base = join(path, 'base.conf')
  const log = join(path, 'audit.jsonl')
  writeFileSync(base, CRS_BASE)
  writeFileSync(log, '')
  const application = await reflectApplication()
  try {
    const rules = [base, setup, join(folder, 'rules')].flatMap((each) => ['--rules', each])
    const waf = await startWaf(['--upstream', application.url, ...rules, '--mode', 'detect', '--audit-log', log])
    process.stderr.write(waf.stderr())
    const { passed, failed } = await runCrs(files, waf.port, log)
    await waf.stop()
    for (const { id, reason } of failed)
      process.stdout.write(`${id}: ${reason}${CRS_KNOWN[id] === undefined ? '' : ` (known: ${CRS_KNOWN[id]})`}\n`)
    process.stdout.write(`${passed} passed, ${failed.length} failed\n`)
    return passed > 0 && failed.every(({ id }) => CRS_KNOWN[id] !== undefined) ? 0 : 1
  } finally {
    application.close()
    remove()
  }
}

process.exitCode = await main(process.argv[2])
