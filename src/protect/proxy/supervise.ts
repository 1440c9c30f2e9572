import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { workerUrl } from '../../platform/worker-url.ts'
import { answerQuestion } from '../logins/judges.ts'
import { LoginTracker } from '../logins/tracker.ts'
import type { ScanAnswer, ScanQuestion } from './remote-scan.ts'
import type { WafSettings } from './waf-settings.ts'
import { SETTINGS_VARIABLE, type SupervisorMessage, type WorkerMessage } from './worker-messages.ts'

/** How many rules run, and what could not be loaded, one sentence each. */
export type ServedRules = Pick<Extract<WorkerMessage, { kind: 'ready' }>, 'loaded' | 'refused'>

interface Started {
  readonly worker: Worker
  readonly ready: Extract<WorkerMessage, { kind: 'ready' }>
}

export interface Supervisor {
  readonly port: number
  /** What the rules that serve are; changes with a reload. */
  readonly rules: () => ServedRules
  /**
   * Starts workers with the settings and rules as they are now; when all serve, the former ones take no more connections and
   * end with their last answer. Rejects, and changes nothing, where one of them cannot start.
   */
  readonly reload: () => Promise<void>
  readonly reopenLogs: () => void
  readonly end: () => Promise<void>
}

const LONGEST_PAUSE = 10_000

/**
 * Runs the WAF in processes of its own: a crash costs the requests of one of them, and another takes its place. The listening
 * socket stays open over reloads, and over crashes as long as another worker serves. `scan` looks at uploads for all of them.
 */
export async function supervise(
  settingsOf: () => WafSettings,
  say: (text: string) => void,
  scan?: (data: Uint8Array) => Promise<readonly string[]>,
): Promise<Supervisor> {
  cluster.setupPrimary({
    exec: fileURLToPath(workerUrl(import.meta.url, './worker')),
    args: [],
    execArgv: ['--disable-warning=ExperimentalWarning'],
    silent: false,
    // Files go to whoever scans them as they are.
    serialization: 'advanced',
  })
  let settings = await withPort(settingsOf())
  let serving = new Set<Worker>()
  let tracker = settings.logins === undefined ? undefined : new LoginTracker(settings.logins)
  let isEnding = false
  let crashes = 0

  const scanned = async ({ number, data }: ScanQuestion): Promise<ScanAnswer> => {
    try {
      if (scan === undefined) throw new KanpekiError('upload-scan', 'no YARA rules are loaded.')
      return { kind: 'scanned', number, matched: await scan(data) }
    } catch (error) {
      return { kind: 'scan-fault', number, reason: messageOf(error) }
    }
  }

  const start = (given: WafSettings): Promise<Started> =>
    new Promise((ready, failed) => {
      const worker = cluster.fork({ [SETTINGS_VARIABLE]: JSON.stringify(given) })
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') ready({ worker, ready: message })
        else if (message.kind === 'failed') failed(new KanpekiError('waf-not-started', message.reason))
        else if (message.kind === 'warning') say(message.text)
        else if (message.kind === 'closed') send(worker, 'farewell')
        // Every worker asks this process, so that all count together, and go on counting over reloads and crashes.
        else if (message.kind === 'scan') void scanned(message).then((answer) => send(worker, answer))
        else send(worker, answerQuestion(tracker, message, Date.now()))
      })
      worker.on('exit', (code, signal) => {
        failed(new KanpekiError('waf-not-started', `a worker ended with ${signal ?? code}.`))
        if (!serving.delete(worker) || isEnding) return
        say(`worker ${worker.process.pid} ended with ${signal ?? code}; its open requests are lost; another is started`)
        replace()
      })
    })

  const replace = () => {
    const pause = Math.min(LONGEST_PAUSE, crashes === 0 ? 0 : 100 * 2 ** crashes)
    crashes += 1
    setTimeout(() => {
      if (isEnding) return
      start(settings).then(
        ({ worker }) => {
          serving.add(worker)
          setTimeout(() => {
            crashes = 0
          }, LONGEST_PAUSE).unref()
        },
        (error: unknown) => {
          say(`no worker could be started: ${error instanceof Error ? error.message : String(error)}`)
          replace()
        },
      )
    }, pause)
  }

  const startAll = async (given: WafSettings) => {
    const started = await Promise.allSettled(Array.from({ length: given.workers }, () => start(given)))
    const failed = started.find((each) => each.status === 'rejected')
    const good = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    if (failed !== undefined) {
      for (const { worker } of good) worker.kill('SIGKILL')
      throw failed.reason
    }
    return good
  }

  const first = await startAll(settings)
  const { port } = settings.listen
  serving = new Set(first.map(({ worker }) => worker))
  let rules: ServedRules = first[0]!.ready

  return {
    port,
    rules: () => rules,
    reload: async () => {
      const next = { ...settingsOf(), listen: settings.listen }
      const started = await startAll(next)
      settings = next
      if (next.logins !== undefined) {
        if (tracker === undefined) tracker = new LoginTracker(next.logins)
        else tracker.configure(next.logins)
      }
      rules = started[0]!.ready
      const former = serving
      serving = new Set(started.map(({ worker }) => worker))
      for (const worker of former) send(worker, 'retire')
    },
    reopenLogs: () => {
      for (const worker of serving) send(worker, 'reopen')
    },
    end: async () => {
      isEnding = true
      const all = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
      await Promise.all(
        all.map(
          (worker) =>
            new Promise<void>((ended) => {
              if (worker.isDead()) return ended()
              worker.once('exit', () => ended())
              send(worker, 'end')
            }),
        ),
      )
    },
  }
}

/** A worker that is ending by itself hears nothing any more, and needs not. */
function send(worker: Worker, message: SupervisorMessage): void {
  if (worker.isConnected()) worker.send(message, () => {})
}

/** Port 0 is chosen once, so that workers of later find the same one. */
async function withPort(settings: WafSettings): Promise<WafSettings> {
  if (settings.listen.port !== 0) return settings
  const server = createServer()
  server.listen(0, settings.listen.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { ...settings, listen: { ...settings.listen, port } }
}
