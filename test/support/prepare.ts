import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DISK } from '../../src/platform/testing/disk.ts'
import { prepareTemplate } from '../../src/platform/testing/postgres.ts'
import { ROOT } from './kanpeki.ts'

const MEMORY = '/dev/shm'
const ENOUGH = 6 * 1024 ** 3

/** Runs once before all tests; what it answers runs after them. */
export function setup(): () => void {
  keepCompiled()
  const removeMemory = workInMemory()
  const removeTemplate = prepareTemplate()
  return () => {
    removeTemplate()
    removeMemory()
  }
}

/** Each of two hundred processes, and the threads they start, would compile the same modules again: an eighth of their CPU time. */
function keepCompiled(): void {
  process.env['NODE_COMPILE_CACHE'] ??= join(ROOT, 'node_modules/.cache/kanpeki-compiled')
}

/**
 * Temporary files in memory, where there is room: six suites with databases wrote half a gigabyte to the disk, and a third
 * of their CPU went into that. What is asked of a disk is judged by the calls made (fsync.e2e.test.ts), not by its platter.
 * Whoever sets TMPDIR has chosen otherwise.
 */
function workInMemory(): () => void {
  if (process.env['TMPDIR'] !== undefined || !isRoomy()) return () => {}
  const folder = mkdtempSync(join(MEMORY, 'kanpeki-'))
  // PostgreSQL runs as another user and has its folders below.
  chmodSync(folder, 0o711)
  process.env[DISK] = tmpdir()
  process.env['TMPDIR'] = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

function isRoomy(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    const [, options = ''] = new RegExp(`^\\S+ ${MEMORY} tmpfs (\\S+)`, 'm').exec(readFileSync('/proc/mounts', 'utf8')) ?? []
    // Some tests run the programs that they build.
    return bavail * bsize >= ENOUGH && options !== '' && !options.split(',').includes('noexec')
  } catch {
    return false
  }
}
