import { describe, expect, it } from 'vitest'
import { packetsText } from './packets-text.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const record = (frame: Buffer, at: number): Buffer => {
  const head = Buffer.alloc(16)
  for (const [i, value] of [at, 250_000, frame.length, frame.length + 10].entries()) head.writeUInt32LE(value, i * 4)
  return Buffer.concat([head, frame])
}
const file = (link: number, ...frames: Buffer[]): Buffer => {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt32LE(link, 20)
  return Buffer.concat([head, ...frames.map((frame, i) => record(frame, 1_700_000_000 + i))])
}
const TCP = 'c350 01bb 00000000 00000000 5012 0000 0000 0000'
const V4 = (protocol: string, body: string, fragment = '0000'): string =>
  `4500 0028 0000 ${fragment} 40${protocol} 0000 0a000001 c0000207 ${body}`
const SLL2 = '0800 0000 00000002 0001 00 06 0000000000000000'

describe('packets as text', () => {
  it('says of each who spoke with whom', () => {
    const v6 = `6000 0000 0008 1140 20010db8000000000000000000000001 fe800000000000000000000000000002 0035 d431 0008 0000`
    const frames = [
      hex(SLL2 + V4('06', TCP)),
      hex(SLL2 + V4('01', '0800')),
      hex(SLL2 + V4('06', TCP, '0010')),
      hex(`86dd 0000 00000002 0001 00 06 0000000000000000 ${v6}`),
      hex('0806 0000 00000002 0001 00 06 0000000000000000 0001'),
    ]
    expect(packetsText(file(276, ...frames), 10)?.text.split('\n')).toEqual([
      '2023-11-14T22:13:20.250Z  TCP  10.0.0.1:50000 > 192.0.2.7:443  SYN,ACK  70 bytes',
      '2023-11-14T22:13:21.250Z  ICMP  10.0.0.1 > 192.0.2.7  52 bytes',
      '2023-11-14T22:13:22.250Z  TCP  10.0.0.1 > 192.0.2.7  70 bytes',
      '2023-11-14T22:13:23.250Z  UDP  [2001:db8::1]:53 > [fe80::2]:54321  78 bytes',
      '2023-11-14T22:13:24.250Z  ARP, 32 bytes',
      '',
    ])
  })

  it('stops where it is told to, and ends well with whatever it is given', () => {
    const frame = hex(`ffffffffffff 000000000000 0800 ${V4('06', TCP)}`)
    expect(packetsText(file(1, frame, frame, frame), 2)).toMatchObject({ cut: true })
    expect(packetsText(Buffer.from('no recording at all, but long enough'), 2)).toBeUndefined()
    let read = 0
    const whole = file(1, frame, frame)
    for (let at = 0; at <= whole.length; at++) read += packetsText(whole.subarray(0, at), 10) === undefined ? 0 : 1
    for (let at = 40; at < frame.length + 40; at++) {
      const bent = Buffer.from(whole)
      bent[at] = 0xff
      read += packetsText(bent, 10) === undefined ? 0 : 1
    }
    console.log(`${read} cut or bent recordings read`)
    expect(read).toBeGreaterThan(100)
  })
})
