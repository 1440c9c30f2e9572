import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { ParamsOf } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { syncFile } from '../../platform/atomic-file.ts'
import { bundleOf, makeVersions } from '../update/installed.ts'
import { type Pending, writePending } from '../update/pending.ts'
import { compareVersions, isReleased } from '../update/release.ts'
import type { RespondContext } from './responder.ts'

export interface UpdateOptions {
  /** The agent's own. */
  readonly folder: string
  readonly version: string
  /** The key that the host's own settings name; without one nothing is taken. */
  readonly releaseKey: () => string | undefined
  /** Ends this agent, so that the new version is tried in its place. */
  readonly begin: (next: Pending) => void
}

const LARGEST = 50_000_000

/**
 * Takes a new version of the agent: signed by the release key of this host, newer than what runs, of the content that was
 * signed. Whether it works is found out by trying it; the receipt comes from whichever version runs after that.
 */
export function updateResponder({ folder, version, releaseKey, begin }: UpdateOptions) {
  return async (release: ParamsOf<'update'>, { id, key, folder: respond, download }: RespondContext): Promise<AgentReceipt> => {
    const known = releaseKey()
    if (known === undefined)
      throw new KanpekiError('agent_refuses', 'This host takes no updates: its agent.json names no releaseKey.')
    if (!isReleased(release, known))
      throw new KanpekiError('agent_refuses', 'The release is not signed by the key that this host trusts.')
    const order = compareVersions(release.version, version)
    if (order === 0) return { outcome: 'already', detail: { version } }
    if (order < 0) throw new KanpekiError('agent_refuses', `${release.version} is older than ${version}, which runs here.`)
    await makeVersions(folder)
    const file = bundleOf(folder, release.sha256)
    const part = `${file}.part`
    try {
      await download(`/api/v1/agent-link/releases/${release.sha256}`, part, LARGEST)
      const hash = createHash('sha256')
      for await (const piece of createReadStream(part)) hash.update(piece as Buffer)
      if (hash.digest('hex') !== release.sha256)
        throw new KanpekiError('agent_refuses', 'What the server gave is not what was signed.')
      await syncFile(part)
      await rename(part, file)
    } finally {
      await rm(part, { force: true })
    }
    const pending = { id, key, version: release.version, sha256: release.sha256 }
    await writePending(respond, pending)
    begin(pending)
    // Whoever runs after the trial answers; this agent ends.
    return await new Promise<AgentReceipt>(() => {})
  }
}
