import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createToken, startServer, temporaryFolder } from './support/kanpeki.ts'

function hasStrace(): boolean {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    if (process.env['CI'] === 'true') throw new Error('strace is not installed, and CI=true asks for it')
    return false
  }
}

describe.skipIf(!hasStrace())('durability (needs strace)', () => {
  // kill -9 alone leaves the page cache intact: only the system calls show that the bytes went to the disk first.
  it('syncs the lake’s data before it writes the 200', async () => {
    const folder = temporaryFolder()
    const trace = join(folder.path, 'trace')
    const data = join(folder.path, 'data')
    const server = await startServer(
      data,
      [],
      ['strace', '-f', '-qq', '-y', '-s', '64', '-ttt', '-e', 'trace=fsync,fdatasync,write,writev,sendto,sendmsg', '-o', trace],
    )
    let asked = 0
    try {
      const token = await createToken(data, 'ingest')
      const marker = `sync-${process.pid}`
      asked = Date.now() / 1000
      const reply = await fetch(`${server.url}/_bulk`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson', connection: 'close' },
        body: `{"create":{"_id":"${marker}"}}\n{"message":"${marker}"}\n`,
      })
      expect(reply.status).toBe(200)
    } finally {
      process.kill(server.pid, 'SIGTERM')
      await new Promise((resolve) => server.child.once('close', resolve))
    }
    // `PID SECONDS.MICROSECONDS call(…)`: only what happened after the request was sent counts.
    const calls = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((call) => Number(call.split(/\s+/, 2)[1]) >= asked)
    // The engine answers the writer by HTTP too; only our own replies carry the page's policy.
    const answered = calls.findIndex((call) => /HTTP\/1\.1 200 OK.*content-security-policy/.test(call))
    expect(answered).toBeGreaterThan(0)
    const synced = calls.slice(0, answered).filter((call) => /(fsync|fdatasync)\(/.test(call) && call.includes('/lake/'))
    expect(synced.some((call) => call.includes('/tmp_insert_'))).toBe(true)
    folder.remove()
  }, 120_000)
})
