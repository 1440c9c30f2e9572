import { expect, it } from 'vitest'
import { auditd } from './auditd/auditd.ts'

it('reads a value of very many capitals in time', () => {
  const text = `type=SYSCALL msg=audit(1700000000.123:42): pid=1 key=${'A'.repeat(500_000)}=x ${'S'.repeat(500_000)}= tty=a`
  const before = process.cpuUsage()
  const read = auditd.parse({ id: '1', text }, { received: 0, zoneMinutes: 0, prefer: [] })
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5)
  expect('unknown' in read).toBe(false)
})
