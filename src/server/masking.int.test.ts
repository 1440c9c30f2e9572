import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { writeMmdb } from '../collect/enrich/testing/write-mmdb.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { readConfig } from '../platform/config.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-masking-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Random, so that no compression hides it: what must not be kept, and what must. */
const SECRET = 'q7Vx2Lw9ZtR4mK8p'
const CARD = '5105 1051 0510 5100'
const KEPT = 'b3Nc6Yh1UjD5sF0g'

function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Files below the data folder that hold a text anywhere, as it stands. */
function holding(data: string, text: string): string[] {
  return filesOf(data).filter((file) => readFileSync(file).includes(text))
}

it('what a masking rule names is in no file of the data folder, and the rest is', async () => {
  const data = join(folder, 'data')
  const geo = join(folder, 'geo.mmdb')
  writeFileSync(geo, writeMmdb('City', [['203.0.113.0/24', { country: { iso_code: 'JP', names: { en: 'Japan' } } }]]))
  mkdirSync(join(data, 'masking'), { recursive: true })
  writeFileSync(join(data, 'masking/cards.yml'), 'id: payment-cards\nenabled: true\n')
  writeFileSync(join(data, 'masking/own.yml'), 'id: own\ntitle: Ours\nfields: [user.name, "patient.*"]\nhash: true\n')
  writeFileSync(
    join(data, 'masking/text.yml'),
    `id: text\ntitle: Text\nfields: ['*']\npattern: 'tok_[A-Za-z0-9]+'\nreplace: '[token]'\n`,
  )
  writeFileSync(join(data, 'kanpeki.yml'), `geoip: ['${geo}']\n`)
  const logged: string[] = []
  const kanpeki: Kanpeki = await serve(
    readConfig(data, { port: '0' }, {}),
    createLog({ write: (line) => logged.push(line), pretty: false, now: Date.now }),
  )
  const { services } = kanpeki
  try {
    const token = async (grant: 'ingest' | 'admin'): Promise<string> =>
      (
        await createToken(
          services.state.tables<AccessTables>(),
          { name: grant, scope: DEFAULT_SCOPE, grant, owner: null },
          Date.now(),
        )
      ).token
    const failure = {
      event: { category: ['authentication'], type: ['start'], outcome: 'failure' },
      user: { name: `${SECRET}-user` },
      source: { ip: '203.0.113.9' },
      host: { name: `host-${KEPT}` },
    }
    const body = [
      // Enough of them that our own rules raise an alert about the account.
      ...Array.from({ length: 30 }, (_, n) => ({
        ...failure,
        message: `failed for ${SECRET}-user (${n})`,
        related: { user: [`${SECRET}-user`] },
      })),
      {
        message: `paid with ${CARD}, kept ${KEPT}`,
        patient: { record: [{ name: `${SECRET}-patient` }] },
        [`tok_${SECRET}`]: `bearer tok_${SECRET}`,
      },
    ]
      .map((document) => JSON.stringify(document))
      .concat(`{"broken": "tok_${SECRET}", "card": "${CARD}`, `a line of text with tok_${SECRET} in it`)
    const reply = await fetch(`${kanpeki.url}/api/v1/ingest/masked`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await token('ingest')}` },
      body: `${body.join('\n')}\n`,
    })
    expect(await reply.json()).toMatchObject({ received: 33, stored: 33 })
    await services.pipeline.ask({ kind: 'settled' })
    await services.drainer.drain()

    const asAdmin = { headers: { authorization: `Bearer ${await token('admin')}` } }
    const view = (await (await fetch(`${kanpeki.url}/api/v1/masking`, asAdmin)).json()) as {
      rules: { id: string; masked: number }[]
    }
    // An unreadable record stands in `message` and `event.original`.
    expect(Object.fromEntries(view.rules.filter(({ masked }) => masked > 0).map(({ id, masked }) => [id, masked]))).toEqual({
      own: 31,
      'payment-cards': 3,
      text: 6,
    })
    const { events } = await services.lake.search({
      scope: DEFAULT_SCOPE,
      query: parseQuery(`host.name:"host-${KEPT}"`),
      limit: 1,
    })
    expect(events[0]?.doc).toMatchObject({
      user: { name: expect.stringMatching(/^masked:[0-9a-f]{16}$/) },
      message: expect.stringMatching(/^failed for masked:[0-9a-f]{16} \(\d+\)$/),
      source: { geo: { country_iso_code: 'JP', country_name: 'Japan' } },
    })
    const alerts = await (await fetch(`${kanpeki.url}/api/v1/alerts`, asAdmin)).text()
    expect(alerts).toContain('Many failed logins from one address')
  } finally {
    await kanpeki.stop()
  }
  expect(holding(data, KEPT)).not.toEqual([])
  expect(filesOf(data).length).toBeGreaterThan(20)
  for (const text of [SECRET, CARD, CARD.replaceAll(' ', '')]) {
    expect(holding(data, text)).toEqual([])
    expect(logged.filter((line) => line.includes(text))).toEqual([])
  }
}, 60_000)

it('a masking rule that nobody understands stops the start', async () => {
  const data = join(folder, 'refused')
  mkdirSync(join(data, 'masking'), { recursive: true })
  writeFileSync(join(data, 'masking/own.yml'), 'id: own\ntitle: Ours\nfields: [user.name]\nreplce: x\n')
  const start = serve(readConfig(data, { port: '0' }, {}), createLog({ write: () => {}, pretty: false, now: Date.now }))
  await expect(start).rejects.toMatchObject({ code: 'masking_rule', place: { file: join(data, 'masking/own.yml') } })
}, 30_000)
