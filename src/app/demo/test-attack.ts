import { createHash, randomInt } from 'node:crypto'
import type { SourceManager } from '../../collect/manager.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Caller } from '../../platform/http/route.ts'
import type { Pipeline } from '../pipeline/client.ts'
import { sendStory } from './send-story.ts'
import { story, storyLength } from './story.ts'

/** Nine minutes in nine seconds: the windows of the rules still hold it. */
const SPEED = 60

/** The same four steps as scenarios, with a near miss each: what the shipped card asks to be proven. */
export const TEST_SCENARIOS = [
  'authentication-brute-force-failures',
  'web-web-shell-in-use',
  'lateral-movement-rdp-to-many-hosts',
  'exfiltration-large-upload',
] as const

export interface TestAttackDeps {
  readonly pipeline: Pipeline
  readonly manager: Pick<SourceManager, 'change'>
  readonly clock: Clock
}

/**
 * Sends the demo's break-in through the writer as if shippers had sent it just now, so that alerts, their evidence and
 * what the cards make of it are seen. The sources are not expected to go on, so that their silence costs nothing.
 * @returns how many records were sent.
 */
export async function sendTestAttack({ pipeline, manager, clock }: TestAttackDeps, caller: Caller): Promise<number> {
  const sources = new Set<string>()
  const items = story(randomInt(2 ** 31), { startMs: clock.now() - storyLength(SPEED), speed: SPEED })
  const sent = await sendStory(items, async (name, lines) => {
    const source = `http:test-${name}`
    sources.add(source)
    const body = Buffer.from(`${lines.join('\n')}\n`)
    await pipeline.ask({
      kind: 'body',
      body: {
        source,
        scope: caller.scope,
        tokenId: caller.id,
        format: 'lines',
        index: undefined,
        body,
        digest: createHash('sha256').update(body).digest('hex'),
        origin: 'test attack',
        received: clock.now(),
      },
    })
  })
  await pipeline.ask({ kind: 'settled' })
  for (const source of sources) await manager.change(caller.scope, source, { expectedSeconds: null }, caller.name)
  return sent
}
