import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { networkStreams } from './process-signs.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-signs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:D431 4200710A:115C 01 00000000:00000000 00:00000000 00000000    33        0 700077 1 0000000000000000 20 4 30 10 -1
`
const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
00000000e5bed209: 00000003 00000000 00000000 0001 03 700078
00000000d3588169: 00000002 00000000 00010000 0001 01 700079 /run/a name with spaces
`

/** A process whose standard input is the socket of this inode. */
function holding(pid: number, inode: number): (table: 'tcp' | 'unix', text: string) => void {
  const root = join(folder, String(pid))
  mkdirSync(join(root, 'fd'), { recursive: true })
  mkdirSync(join(root, 'net'))
  symlinkSync(`socket:[${inode}]`, join(root, 'fd/0'))
  return (table, text) => writeFileSync(join(root, 'net', table), text)
}

it('sees a socket that is connected only after it became a stream', () => {
  const write = holding(7, 700_077)
  write('tcp', TCP.split('\n', 1)[0]!)
  write('unix', UNIX)
  expect(networkStreams(folder, 7)).toBeUndefined()
  write('tcp', TCP)
  expect(networkStreams(folder, 7)).toEqual({ names: ['stdin'], remote: { ip: '10.113.0.66', port: 4444 } })
})

it('asks once about a socket of this host', () => {
  holding(8, 700_078)('unix', UNIX)
  expect(networkStreams(folder, 8)).toBeUndefined()
  rmSync(join(folder, '8/net'), { recursive: true })
  mkdirSync(join(folder, '8/net'))
  writeFileSync(join(folder, '8/net/tcp'), TCP.replace('700077', '700078'))
  expect(networkStreams(folder, 8)).toBeUndefined()
})
