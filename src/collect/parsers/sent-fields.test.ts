import { expect, it } from 'vitest'
import { journald } from './journald/journald.ts'

const context = { received: 0, zoneMinutes: 0, prefer: [] }

it('lets no program send what the journal vouches for', () => {
  const trusted = { _UID: '1000', _COMM: 'evil', __CURSOR: 's=1', __REALTIME_TIMESTAMP: '1700000000000000' }
  const sent = { UID: '0', COMM: 'sshd', CURSOR: 's=2', SESSION_ID: '7' }
  for (const json of [
    { ...trusted, ...sent },
    { ...sent, ...trusted },
  ]) {
    const read = journald.parse({ id: '1', json }, context)
    expect('unknown' in read ? read : read[0]?.ecs['journald']).toEqual({
      uid: '1000',
      comm: 'evil',
      cursor: 's=1',
      session_id: '7',
      sent: { uid: '0', comm: 'sshd', cursor: 's=2' },
    })
  }
})
