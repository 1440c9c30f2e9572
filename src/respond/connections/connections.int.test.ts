import { afterAll, expect, it } from 'vitest'
import { createSealer, isSealed } from '../../platform/secrets/sealer.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { createConnections } from './connections.ts'
import type { ConnectionTables } from './tables.ts'
import { alterConnection, createConnection, removeConnection } from './write.ts'

const sealer = createSealer([Buffer.alloc(32, 7)])
const engineer = { id: 'p1', name: 'mori', scope: 'default', permissions: new Set(['connections:write'] as const) }
const administrator = { ...engineer, permissions: new Set(['connections:write', 'installation'] as const) }
let states = 0
afterAll(() => expect(states).toBeGreaterThan(0))

describeStates('connections', (bed) => {
  it('seals secrets, sends them nowhere else, keeps scopes apart, and leaves evidence without them', async () => {
    states += 1
    const state = await bed.open(migrations)
    const within = <T>(work: (db: ReturnType<typeof scopedTo<ConnectionTables>>) => Promise<T>, scope = 'default'): Promise<T> =>
      state.transaction<ConnectionTables, T>((trx) => work(scopedTo(trx, scope)))
    const box = {
      name: 'box',
      kind: 'http-firewall' as const,
      settings: { url: 'https://fw.example.test/deny' },
      secrets: { token: 'canary' },
    }
    const row = await within((db) => createConnection(db, box, sealer, engineer, 1))
    expect(isSealed(row.secret ?? '')).toBe(true)
    expect(JSON.stringify(row)).not.toContain('canary')
    expect(await rejectionOf(within((db) => createConnection(db, box, sealer, engineer, 2)))).toBe('conflict')
    const wrong = [
      { ...box, name: 'b2', secrets: {} },
      { ...box, name: 'b3', settings: { url: 'ftp://x' } },
      { ...box, name: 'b4', settings: { ...box.settings, more: 'x' } },
    ]
    for (const one of wrong)
      expect(await rejectionOf(within((db) => createConnection(db, one, sealer, engineer, 2)))).toBe('invalid_input')
    const local = { name: 'edge', kind: 'nftables' as const, settings: {}, secrets: {} }
    expect(await rejectionOf(within((db) => createConnection(db, local, sealer, engineer, 2)))).toBe('forbidden')
    const edge = await within((db) => createConnection(db, local, sealer, administrator, 2))
    expect(await rejectionOf(within((db) => alterConnection(db, edge.id, { enabled: false }, sealer, engineer, 3)))).toBe(
      'forbidden',
    )

    const connections = createConnections({ state, sealer })
    expect(await connections.of('default', ['http-firewall', 'nftables'])).toMatchObject([
      { name: 'box', secrets: { token: 'canary' } },
      { name: 'edge', kind: 'nftables' },
    ])
    expect(await rejectionOf(connections.of('beta', ['http-firewall']))).toBe('no_connection')
    expect(await rejectionOf(connections.of('default', ['ldap'], 'box'))).toBe('no_connection')

    // Another address without the secret: a stored token would go to whoever changed it.
    const moved = { settings: { url: 'https://evil.example.test' } }
    expect(await rejectionOf(within((db) => alterConnection(db, row.id, moved, sealer, engineer, 4)))).toBe('invalid_input')
    expect(await rejectionOf(within((db) => alterConnection(db, row.id, { enabled: false }, sealer, engineer, 4), 'beta'))).toBe(
      'not_found',
    )
    await within((db) => alterConnection(db, row.id, { ...moved, secrets: { token: 'canary-2' } }, sealer, engineer, 5))
    await within((db) => alterConnection(db, row.id, { enabled: false }, sealer, engineer, 6))
    expect(await rejectionOf(connections.of('default', ['http-firewall']))).toBe('no_connection')
    await within((db) => removeConnection(db, row.id, engineer, 7))
    const entries = await readOutbox(state.tables(), 0, 100)
    expect(entries.map(({ body }) => body['action'])).toEqual([
      ...['connection.create', 'connection.create', 'connection.change', 'connection.change', 'connection.delete'],
    ])
    expect(JSON.stringify(entries)).not.toContain('canary')
  })
})
