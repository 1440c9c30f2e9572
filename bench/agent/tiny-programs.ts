const LOAD_AT = 0x400000
const HEADERS = 64 + 56

/** A static program for Linux on x86-64 of some hundred and fifty bytes: the least that can be a process. */
function program(code: readonly number[]): Buffer {
  const file = Buffer.alloc(HEADERS + code.length)
  // The header of ELF64: magic, class, order of bytes, version; an executable (2) for x86-64 (62).
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(62, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(LOAD_AT + HEADERS), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  // One segment: all of the file, to be read and run.
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(BigInt(LOAD_AT), 80)
  file.writeBigUInt64LE(BigInt(LOAD_AT), 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  file.set(code, HEADERS)
  return file
}

const little = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]
const SYSCALL = [0x0f, 0x05]
/** mov eax, NUMBER; syscall */
const call = (number: number): number[] => [0xb8, ...little(number), ...SYSCALL]
const [POLL, PAUSE, FORK, EXIT, WAIT4] = [7, 34, 57, 60, 61] as const

/** Forks so often, and then waits for ever, as all its children do. */
export const manyWaiting = (count: number): Buffer =>
  program([
    ...[0xbb, ...little(count)], // mov ebx, count
    ...call(FORK),
    ...[0x85, 0xc0], // test eax, eax
    ...[0x74, 6], // a child waits
    ...[0x78, 4], // no more can be had
    ...[0xff, 0xcb], // dec ebx
    ...[0x75, 0xef], // the next one
    ...call(PAUSE),
    ...[0xeb, 0xf7],
  ])

/** Forks a child that ends at once, waits for it, rests a millisecond, and so on for ever. */
export const storm = (): Buffer =>
  program([
    ...call(FORK),
    ...[0x85, 0xc0],
    ...[0x74, 0x25], // a child ends
    ...[0xbf, ...little(-1)], // mov edi, -1: any child
    ...[0x31, 0xf6, 0x31, 0xd2, 0x4d, 0x31, 0xd2],
    ...call(WAIT4),
    ...[0x31, 0xff, 0x31, 0xf6, 0xba, ...little(1)], // poll nothing for a millisecond
    ...call(POLL),
    ...[0xeb, 0xd0],
    ...[0x31, 0xff],
    ...call(EXIT),
  ])
