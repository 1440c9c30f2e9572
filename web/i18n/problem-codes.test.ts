import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import en from './en/common.json' with { type: 'json' }
import ja from './ja/common.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '../..')
const ROOMS = ['access', 'app', 'assess', 'collect', 'declare', 'detect', 'hosts', 'platform', 'protect', 'prove', 'respond']
/** `KanpekiError('code'`, its kinds, and what gives an error's code besides. */
const RAISED = /\bnew [A-Z]\w*(?:Error|Problem|Refusal|Fault)\(\s*'([a-z_0-9]+)'/g

/** Said on a terminal or in the log alone: before a server listens, by commands, by agents on their hosts. */
const ELSEWHERE: readonly RegExp[] = [
  /^(ledger|seal|restore|archive|backup|migration|tls|demo|trusted)_(?!damaged|refused)/,
  /^(usage|config|start|listen|data_folder|data_in_use|newer_data|no_way_back|no_data|not_enrolled|upgrade_loss|upload_refused|platform)$/,
  /^(git_failed|git_missing|breached_list|kept_state|interrupted|not_running|no_key|bundle_unprovable|untrusted)$/,
  // Of the state's and the lake's own making: a fault of Kanpeki, which HTTP calls `internal`.
  /^(state_(corrupt|nested|newer|not_empty)|scope_(missing|unsafe)|lake_(hour|sequence)|counts_unbalanced|erase_unknown_batch)$/,
  // Answers to shippers, webhooks and probes, which no person reads in the console.
  /^(bad_encoding|unsupported_encoding|bad_signature|body_aborted|body_too_large|channel_missing|unconfirmed|not_ready)$/,
  // Reasons why a rule is left out, which the list of rules words by itself.
  /^(exception|operator|regex|value)$/,
]

const raised = new Map<string, string>()
for (const room of ROOMS)
  for (const file of globSync(`src/${room}/**/*.ts`, { cwd: ROOT })) {
    if (file.includes('.test.') || file.includes('/testing/')) continue
    for (const [, code = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(RAISED))
      if (!ELSEWHERE.some((kind) => kind.test(code)) && !raised.has(code)) raised.set(code, file)
  }

test(`what the server may say to people has words in both languages (${raised.size} codes)`, () => {
  expect(raised.size).toBeGreaterThan(100)
  const missing = [...raised].filter(([code]) => !(code in en.problem.code) || !(code in ja.problem.code))
  expect(missing).toEqual([])
})
