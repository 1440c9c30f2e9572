import { messageOf } from '../kernel/error.ts'
import { openContents } from '../prove/custody/contents.ts'
import { type Custody, openCustody } from '../prove/custody/custody.ts'
import { repeatEvery } from './repeat.ts'
import type { Services } from './services.ts'
import type { YaraBodies } from './yara-bodies.ts'

const SWEEP_EVERY_MS = 3_600_000

export interface KeptArtefacts {
  readonly custody: Custody
  stop(): Promise<void>
}

/** Opens what people bring as evidence, and removes what need not be kept any longer. */
export async function keepArtefacts(services: Services, scan: YaraBodies['scan']): Promise<KeptArtefacts> {
  const { state, clock, sealer, config, dir, drainer, log } = services
  const contents = await openContents(dir.root, config.values['artefacts-sealed'])
  const custody = await openCustody({
    state,
    contents,
    clock,
    sealer,
    quota: config.values['artefacts-quota'],
    most: config.values['artefact-size'],
    scan,
    changed: drainer.poke,
  })
  const sweeping = repeatEvery(
    SWEEP_EVERY_MS,
    async () => void (await custody.sweep()),
    (error) => log.error('removing artefacts whose time is over failed and is tried again', { reason: messageOf(error) }),
  )
  return { custody, stop: () => sweeping.stop() }
}
