import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { accountResponders } from '../../src/agent/respond/account.ts'
import { createBlocks } from '../../src/agent/respond/blocks.ts'
import { collectResponder } from '../../src/agent/respond/collect.ts'
import { createIsolator } from '../../src/agent/respond/isolation.ts'
import { killResponder } from '../../src/agent/respond/kill.ts'
import { quarantineResponders } from '../../src/agent/respond/quarantine.ts'
import type { RespondContext } from '../../src/agent/respond/responder.ts'
import { snapshotOf } from '../../src/agent/snapshot.ts'
import { type CommandText, PARAMS, type ReceiptMessage } from '../../src/hosts/schema.ts'
import type { AgentReceipt } from '../../src/kernel/agent-command.ts'
import { messageOf } from '../../src/kernel/error.ts'

/**
 * The agent's hand in a process of its own, so that a network namespace holds what it does: takes commands as lines of JSON, answers each
 * with its result. What it carried out is remembered by its key, as the agent does. Arguments: its folder, the root of `/etc`.
 */
const [folder = '', root = '/'] = process.argv.slice(2)
const most = (): number => 64 * 1024 * 1024
const isolator = createIsolator({
  folder,
  url: 'https://203.0.113.200:7300',
  deadManSeconds: () => 900,
  warn: () => {},
  tell: () => {},
})
const blocks = createBlocks(folder, async () => ['203.0.113.200'])
const account = accountResponders({ root, never: [] })
const quarantine = quarantineResponders({ store: join(folder, 'quarantine'), largestFile: most, largestStore: most, own: [] })
const responders = {
  kill: killResponder({ root: '/proc', never: [] }),
  isolate: isolator.isolate,
  release: isolator.release,
  'block-address': ({ address }: { address: string }) => blocks.block(address),
  'unblock-address': ({ address }: { address: string }) => blocks.unblock(address),
  'disable-account': account.disable,
  'enable-account': account.enable,
  quarantine: quarantine.quarantine,
  restore: quarantine.restore,
  collect: collectResponder({ snapshot: snapshotOf('/'), largestFile: most, largestStore: most }),
} as unknown as Readonly<Record<string, (params: unknown, context: RespondContext) => Promise<AgentReceipt>>>

const done = new Map<string, ReceiptMessage['result']>()
async function resultOf({ id, key, kind, params }: CommandText): Promise<ReceiptMessage['result']> {
  try {
    const receipt = await responders[kind]!(PARAMS[kind].parse(params), {
      ...{ id, key, folder, signal: new AbortController().signal, count: () => {}, warn: () => {} },
      recent: () => [],
      download: async () => {},
      upload: async (file) => {
        const content = readFileSync(file)
        return { artefact: id, sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length }
      },
    })
    return { receipt } as unknown as ReceiptMessage['result']
  } catch (error) {
    return { failed: { code: 'agent_failed', message: messageOf(error) } }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { text } = JSON.parse(line) as { text: string }
  const command = JSON.parse(text) as CommandText
  const again = done.has(command.key)
  const result = done.get(command.key) ?? (await resultOf(command))
  done.set(command.key, result)
  process.stdout.write(`${JSON.stringify({ id: command.id, kind: command.kind, again, result })}\n`)
}
