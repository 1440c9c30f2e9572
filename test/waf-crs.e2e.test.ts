import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import { runCrs } from './support/crs-run.ts'
import { CRS_BASE, CRS_KNOWN } from './support/crs-settings.ts'
import { temporaryFolder } from './support/kanpeki.ts'
import { reflectApplication } from './support/reflect-application.ts'
import { startWaf } from './support/waf.ts'

const crs = sharedData('crs')
/** What depends on the connection most; the whole suite runs in process, and over the wire with `npm run crs`. */
const PARTS = ['REQUEST-920-*', 'REQUEST-921-*', 'REQUEST-922-*', 'RESPONSE-9*']

describe('the Core Rule Set over the wire', () => {
  it.skipIf(crs === undefined)(
    'passes its own tests of protocol, multipart and responses',
    async () => {
      const { path, remove } = temporaryFolder()
      const [base, log] = [join(path, 'base.conf'), join(path, 'audit.jsonl')]
      writeFileSync(base, CRS_BASE)
      writeFileSync(log, '')
      const application = await reflectApplication()
      const rules = [base, join(crs!, 'crs-setup.conf.example'), join(crs!, 'rules')].flatMap((each) => ['--rules', each])
      const waf = await startWaf(['--upstream', application.url, ...rules, '--mode', 'detect', '--audit-log', log])
      try {
        const files = PARTS.flatMap((part) => globSync(join(crs!, 'tests', part, '*.yaml')).sort())
        const { passed, failed } = await runCrs(files, waf.port, log)
        process.stdout.write(`${passed} of ${passed + failed.length} cases pass over the wire\n`)
        expect(failed.filter(({ id }) => CRS_KNOWN[id] === undefined)).toEqual([])
        expect(passed).toBeGreaterThan(400)
      } finally {
        await waf.stop()
        application.close()
        remove()
      }
    },
    120_000,
  )
})
