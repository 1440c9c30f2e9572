import { mkdir } from 'node:fs/promises'
import { hostname, release, type as systemType } from 'node:os'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { realWait } from '../platform/backoff.ts'
import { lockFolder } from '../platform/folder-lock.ts'
import type { Log } from '../platform/log.ts'
import type { Collector, CollectorContext } from './collector.ts'
import { followCommands } from './commands.ts'
import { openDeeds } from './detect/deeds.ts'
import { createInspector } from './detect/inspector.ts'
import { createStopper } from './detect/stopper.ts'
import { type Identity, readIdentity, writeIdentity } from './identity.ts'
import { createIntegrity, type Integrity } from './integrity/integrity.ts'
import { reportIntegrity } from './integrity/report.ts'
import { openLink } from './link.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { keepPolicy, knownSettings, readPolicy } from './policy.ts'
import { createRecent } from './recent.ts'
import { openHand } from './respond/hand.ts'
import { createPacketRing } from './respond/packets.ts'
import type { Responders } from './respond/responder.ts'
import { updateResponder } from './respond/update.ts'
import { sendAll } from './sender.ts'
import { readSettings, type Settings } from './settings.ts'
import { reportSoftware } from './software/report.ts'
import { createSoftware, type Software } from './software/software.ts'
import { openSpool } from './spool.ts'
import type { Pending } from './update/pending.ts'
import { createHostYara, fileCandidate } from './yara/host-yara.ts'
import { yaraIn } from './yara/parts.ts'

export interface AgentOptions {
  /** Holds identity, spool and what collectors keep. */
  readonly folder: string
  readonly version: string
  readonly collectors: (settings: Settings, identity: Identity, integrity: Integrity, software: Software) => readonly Collector[]
  readonly signal: AbortSignal
  readonly log: Log
  /** Called each time the server answered. */
  readonly healthy?: () => Promise<void>
  /** A new version is there: this agent is to end, and it to be tried. Without it the agent takes none. */
  readonly update?: (next: Pending) => void
  /** It is itself such a version. */
  readonly trial?: boolean
  /** Between heartbeats, milliseconds. */
  readonly heartbeatMs?: number
}

const FLUSH_MS = 500
const HEARTBEAT_MS = 60_000
const CHECK_MS = 1_000
const PATIENCE_MS = 25_000
/** A version of the agent that ends may still hold the folder for a moment. */
const LOCK_WAIT_MS = 2_000

/**
 * Runs an agent until the signal is aborted: collectors fill the spool, one sender empties it in order. What an event
 * finds no room for is counted, and its number is missing at the server: nothing is dropped in silence.
 * @throws KanpekiError `not_enrolled`, or where another agent holds the folder.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { folder, version, collectors, signal, log, heartbeatMs = HEARTBEAT_MS, update, healthy, trial = false } = options
  let identity = await readIdentity(folder)
  const lock = await lockFolder(folder, LOCK_WAIT_MS)
  let policy = await readPolicy(folder)
  let known = knownSettings(policy?.settings)
  let settings = await readSettings(folder, known.settings)
  const spool = await openSpool(join(folder, 'spool'), settings.spoolBytes)
  const counters = new Map<string, number>()
  const count = (name: string, by = 1): void => void counters.set(name, (counters.get(name) ?? 0) + by)
  const name = hostname()
  const common = {
    host: { id: identity.id, name, hostname: name, os: { type: 'linux', family: systemType().toLowerCase(), kernel: release() } },
    agent: { id: identity.id, name: identity.name, type: 'kanpeki', version },
  }
  const recent = createRecent()
  const integrity = createIntegrity()
  const software = createSoftware()
  const inspector = createInspector({
    count,
    warn: (message) => log.warn(message),
    found: (event, id, matches) => {
      void outbox.flush()
      void stopper.consider(event, id, matches)
    },
  })
  const yara = createHostYara({
    own: folder,
    folder: join(folder, 'yara'),
    count,
    warn: (message) => log.warn(message),
    download: async (...what) => {
      const link = openLink({ ...identity, addresses: hand.isolator.addresses })
      await link.download(...what).finally(() => link.close())
    },
  })
  const inForce = (): void => {
    const rules = settings.detect ? policy?.rules : undefined
    inspector.load(rules)
    yara.load(yaraIn(rules))
  }
  const inspect: typeof inspector.inspect = (event, id) => {
    yara.saw(event)
    const stops = yara.stopsIn(event)
    if (stops.length > 0)
      setImmediate(() => {
        void outbox.flush()
        void stopper.consider(event, id, stops)
      })
    return inspector.inspect(event, id)
  }
  const outbox: Outbox = openOutbox(spool, common, count, signal, recent.add, inspect)
  const kept = join(folder, 'kept')
  await mkdir(kept, { recursive: true, mode: 0o700 })
  const context: CollectorContext = { ...outbox, count, signal, folder: kept, warn: (message) => log.warn(message) }

  const began = performance.now()
  const cpu = process.cpuUsage()
  /** How much later than it should a timer came at worst, since the last heartbeat: what a command would have waited. */
  let late = 0
  let flushedAt = began
  const heartbeat = (action: string): void => {
    const { user, system } = process.cpuUsage(cpu)
    const uptime = Math.max(1, performance.now() - began)
    outbox.emit({
      event: { kind: 'metric', category: ['host'], type: ['info'], action, dataset: 'kanpeki.agent' },
      kanpeki_agent: {
        agent: {
          counters: Object.fromEntries(counters),
          rules: inspector.rules(),
          spool: { bytes: spool.bytes(), damaged: spool.damaged() },
          resident_bytes: process.memoryUsage().rss,
          /** Of one core, since the start. */
          cpu_share: Math.round(((user + system) / 1_000 / uptime) * 10_000) / 10_000,
          uptime_ms: Math.round(uptime),
          loop_late_ms: Math.round(late),
        },
      },
    })
    late = 0
  }

  const renewal = async (): Promise<void> => {
    while (!signal.aborted) {
      const wait = Math.min(Math.max(identity.renewAfter - Date.now(), 60_000), 86_400_000)
      await realWait(wait, signal)
      if (signal.aborted || Date.now() < identity.renewAfter) continue
      try {
        // Loaded when it is needed, each two months: it is a fifth of what the agent would hold.
        const { renew } = await import('./enrol.ts')
        const { key, certificate, renewAfter } = await renew(folder, identity)
        identity = { ...identity, key, certificate, renewAfter }
        await writeIdentity(folder, identity)
        log.info('the certificate was renewed')
      } catch (error) {
        log.warn(`the certificate could not be renewed yet: ${messageOf(error)}`)
      }
    }
  }

  /** Ends the collectors, which are then started again with the settings as they are. */
  let again = new AbortController()
  const collecting = async (): Promise<void> => {
    while (!signal.aborted) {
      again = new AbortController()
      const round = AbortSignal.any([signal, again.signal])
      const room = (): Promise<void> => Promise.race([outbox.room(), aborted(round)])
      const inRound = { ...context, room, signal: round }
      await Promise.all(
        [
          ...collectors(settings, identity, integrity, software),
          ...(settings.detect ? [yara.collector([...settings.yaraFolders, ...settings.webRoots])] : []),
        ].map((collector) => supervise(collector, inRound)),
      )
    }
  }
  const respondFolder = join(folder, 'respond')
  await mkdir(respondFolder, { recursive: true, mode: 0o700 })
  const ring = createPacketRing({
    folder: respondFolder,
    wanted: () => settings.packetRing,
    count,
    warn: (message) => log.warn(message),
  })
  const hand = await openHand({
    folder: respondFolder,
    ring,
    url: identity.url,
    settings: () => settings,
    warn: (message) => log.warn(message),
    tell: (action, detail) =>
      outbox.emit({
        event: { kind: 'event', category: ['host'], type: ['change'], action, ...detail, dataset: 'kanpeki.agent' },
        message: `${action}: ${detail.reason}`,
      }),
  })
  /** What is taken away is scanned where it lies then. */
  const quarantine: NonNullable<Responders['quarantine']> = async (params, about) => {
    const receipt = await hand.responders.quarantine!(params, about)
    const { item, path } = receipt.detail
    if (typeof item === 'string' && typeof path === 'string')
      yara.consider(fileCandidate(path, join(respondFolder, 'quarantine', `${item}.body`)))
    return receipt
  }
  const deeds = await openDeeds(respondFolder)
  const stopper = createStopper({
    settings: () => settings,
    responders: { ...hand.responders, quarantine },
    deeds,
    emit: outbox.emit,
    context: {
      folder: respondFolder,
      signal,
      count,
      warn: (message) => log.warn(message),
      recent: recent.since,
      ...NO_TRANSFER,
    },
  })
  inForce()
  const responders: Responders = {
    ...hand.responders,
    quarantine,
    baseline: async ({ state }, { id }) => await integrity.accept(state, id),
    ...(update === undefined
      ? {}
      : { update: updateResponder({ folder, version, releaseKey: () => settings.releaseKey, begin: update }) }),
  }
  const following = followCommands({
    folder: respondFolder,
    identity: () => identity,
    pin: async (commandKey) => {
      identity = { ...identity, commandKey }
      await writeIdentity(folder, identity)
    },
    status: () => ({
      version,
      host: name,
      kinds: settings.respond.kinds.filter((kind) => responders[kind] !== undefined),
      isolated: hand.isolator.state(),
      blocked: hand.blocks.count(),
      policy: policy?.policy ?? null,
      unknown: [...known.unknown],
    }),
    responders,
    policy: async (next) => {
      const before = JSON.stringify(settings)
      const nextKnown = knownSettings(next?.settings)
      try {
        settings = await readSettings(folder, nextKnown.settings)
      } catch (error) {
        return log.warn(`a policy is not taken: ${messageOf(error)}`)
      }
      await keepPolicy(folder, next)
      policy = next
      known = nextKnown
      if (known.unknown.length > 0)
        log.warn(`this version does not know all that the policy sets; the rest holds: ${known.unknown.join(', ')}`)
      log.info(next === undefined ? 'the policy was taken back' : 'a new policy holds')
      inForce()
      if (before !== JSON.stringify(settings)) again.abort()
    },
    tell: (action, reason) =>
      outbox.emit({
        event: { kind: 'event', category: ['host'], type: ['info'], action, reason, dataset: 'kanpeki.agent' },
        message: reason,
      }),
    reached: async () => {
      await hand.isolator.reached()
      await healthy?.()
    },
    trial,
    patience: () => {
      const state = hand.isolator.state()
      return state === null ? PATIENCE_MS : Math.min(PATIENCE_MS, state.deadManSeconds * 250)
    },
    addresses: hand.isolator.addresses,
    recent: recent.since,
    count,
    signal,
    log,
  })

  heartbeat('agent-started')
  flushedAt = performance.now()
  const timers = [
    setInterval(() => {
      const now = performance.now()
      late = Math.max(late, now - flushedAt - FLUSH_MS)
      flushedAt = now
      void outbox.flush()
    }, FLUSH_MS),
    setInterval(() => heartbeat('agent-heartbeat'), heartbeatMs),
    setInterval(() => void hand.isolator.check(), CHECK_MS),
  ]
  try {
    await Promise.all([
      collecting(),
      renewal(),
      sendAll({ spool, signal, log, count, identity: () => identity, addresses: hand.isolator.addresses }),
      following,
      deeds.tellAll({
        identity: () => identity,
        addresses: hand.isolator.addresses,
        signal,
        count,
        warn: (message) => log.warn(message),
      }),
      reportIntegrity({ integrity, identity: () => identity, addresses: hand.isolator.addresses, count, signal, log }),
      reportSoftware({ software, identity: () => identity, addresses: hand.isolator.addresses, count, signal, log }),
      ring.keep(signal),
    ])
  } finally {
    for (const timer of timers) clearInterval(timer)
    heartbeat('agent-stopped')
    await outbox.flush()
    await spool.close()
    await lock.release()
  }
}

/** What is stopped sends and takes no files. */
const NO_TRANSFER = {
  upload: () => Promise.reject(new KanpekiError('agent_refuses', 'Nothing is sent along.')),
  download: () => Promise.reject(new KanpekiError('agent_refuses', 'Nothing is fetched.')),
}

/** A collector that fails is counted, named, and started again, a little later each time. */
async function supervise(collector: Collector, context: CollectorContext): Promise<void> {
  const { signal, count, warn } = context
  for (let pause = 1_000; !signal.aborted; pause = Math.min(pause * 2, 60_000)) {
    try {
      await collector.run(context)
      if (signal.aborted) return
    } catch (error) {
      if (signal.aborted) return
      count(`${collector.id}.failed`)
      warn(`${collector.id} failed, and is started again: ${messageOf(error)}`)
    }
    await realWait(pause, signal)
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
