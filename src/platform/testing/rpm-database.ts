import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface TestRpm {
  readonly name: string
  readonly version: string
  readonly release: string
  readonly epoch?: number
  readonly arch?: string
  readonly sourceRpm?: string
  readonly files?: readonly string[]
}

const INT32 = 4
const STRING = 6
const STRING_ARRAY = 8

/** Writes a database as rpm keeps it in SQLite, with nothing but what packages are and which files they brought. */
export function writeRpmDatabase(file: string, packages: readonly TestRpm[]): void {
  mkdirSync(dirname(file), { recursive: true })
  const database = new DatabaseSync(file)
  try {
    database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)')
    const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)')
    for (const one of packages) insert.run(headerOf(one))
  } finally {
    database.close()
  }
}

/** A header as a database keeps it. */
export function headerOf({ name, version, release, epoch, arch = 'x86_64', sourceRpm, files = [] }: TestRpm): Buffer {
  const folders = [...new Set(files.map((file) => `${dirname(file)}/`))]
  const tags: readonly (readonly [tag: number, type: number, value: readonly (string | number)[]])[] = [
    [1000, STRING, [name]],
    [1001, STRING, [version]],
    [1002, STRING, [release]],
    ...(epoch === undefined ? [] : [[1003, INT32, [epoch]] as const]),
    [1022, STRING, [arch]],
    ...(sourceRpm === undefined ? [] : [[1044, STRING, [sourceRpm]] as const]),
    [1116, INT32, files.map((file) => folders.indexOf(`${dirname(file)}/`))],
    [1117, STRING_ARRAY, files.map((file) => file.slice(file.lastIndexOf('/') + 1))],
    [1118, STRING_ARRAY, folders],
  ]
  const parts: Buffer[] = []
  const index = Buffer.alloc(16 * tags.length)
  let offset = 0
  for (const [at, [tag, type, value]] of tags.entries()) {
    const bytes =
      type === INT32
        ? Buffer.concat(value.map((number) => bigEndian(Number(number))))
        : Buffer.from(value.map((text) => `${text}\0`).join(''))
    for (const [place, number] of [tag, type, offset, value.length].entries()) index.writeUInt32BE(number, 16 * at + 4 * place)
    parts.push(bytes)
    offset += bytes.length
  }
  return Buffer.concat([bigEndian(tags.length), bigEndian(offset), index, ...parts])
}

function bigEndian(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}
