import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseDpkg } from './inventory.ts'
import { containerOf, parseStat, processIds, readProcess } from './proc.ts'
import { movement, parseAddress, parseSockets } from './sockets.ts'

const STAT = (name: string): string => `42 (${name}) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 1 2 3`

describe('reading /proc', () => {
  it.each(['bash', 'a b', 'evil) S 1 1 1 (', '(((', ') R', '名前', '\n'])(
    'finds parent and start behind the name "%s"',
    (name) => {
      expect(parseStat(STAT(name))).toEqual({ name, parent: 7, session: 42, started: 123456, state: 'S' })
    },
  )

  it.each(['', '42', '42 (x', '42 x) S 1', '42 (x) S a b c'])('reads nothing out of "%s"', (text) => {
    expect(parseStat(text)).toBeUndefined()
  })

  it('reads this process', () => {
    expect(processIds('/proc')).toContain(process.pid)
    const entry = readProcess('/proc', process.pid)
    expect(entry).toMatchObject({
      pid: process.pid,
      parent: process.ppid,
      executable: process.execPath,
      deleted: false,
      folder: process.cwd(),
    })
    expect(entry?.args.join(' ')).toContain('vitest')
    expect(readProcess('/proc', 4_194_304)).toBeUndefined()
  })

  it.each([
    [`0::/system.slice/docker-${'a'.repeat(64)}.scope\n`, 'a'.repeat(64)],
    [`0::/kubepods/besteffort/pod1/${'b'.repeat(64)}\n`, 'b'.repeat(64)],
    [`0::/kubepods.slice/cri-containerd-${'c'.repeat(64)}.scope/init\n`, 'c'.repeat(64)],
    ['0::/user.slice\n', undefined],
  ])('finds the container in %s', (cgroup, container) => {
    expect(containerOf(cgroup)).toBe(container)
  })
})

describe('sockets', () => {
  it.each([
    ['0100007F:1F90', '127.0.0.1', 8080],
    ['00000000:0016', '0.0.0.0', 22],
    ['0000000000000000FFFF00000100007F:01BB', '127.0.0.1', 443],
    ['00000000000000000000000001000000:0050', '::1', 80],
    ['B80D01200000000067452301EFCDAB89:0050', '2001:db8::123:4567:89ab:cdef', 80],
    ['00000000000000000000000000000000:0050', '::', 80],
  ])('%s is %s, port %d', (text, ip, port) => {
    expect(parseAddress(text)).toEqual({ ip, port })
  })

  it('reads rows, and passes over what is none', () => {
    const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1
   1: 0100007F:1F90 0200007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4243 1
   broken
`
    expect(parseSockets(text, 'tcp').map(({ state, uid, inode, remote }) => [state, uid, inode, remote.port])).toEqual([
      ['listening', 1000, '4242', 0],
      ['established', 0, '4243', 54321],
    ])
  })
})

it('reads installed packages only, of every architecture', () => {
  const status = `Package: a
Status: install ok installed
Architecture: amd64
Version: 1:2.0-1

Package: a
Status: install ok installed
Architecture: i386
Version: 1:2.0-1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 3
`
  expect([...parseDpkg(status)]).toEqual([
    ['a:amd64', '1:2.0-1'],
    ['a:i386', '1:2.0-1'],
  ])
})

it.skipIf(process.platform !== 'linux')('notices that a port listens and that a connection is made (needs Linux)', async () => {
  const marks = new Set([movement('/proc')])
  const server = createServer((socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  marks.add(movement('/proc'))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => connect(port, '127.0.0.1').once('close', resolve).resume())
  marks.add(movement('/proc'))
  expect(marks.size).toBe(3)
  expect(marks.has('')).toBe(false)
  server.close()
})
