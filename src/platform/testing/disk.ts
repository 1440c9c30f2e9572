import { tmpdir } from 'node:os'

/** Where the run of tests says that temporary files on a disk may be, when it has moved all others into memory. */
export const DISK = 'KANPEKI_TEST_DISK'

/** For what must not lie below /dev, where the server reads nothing: files that a source names. */
export function diskFolder(): string {
  return process.env[DISK] ?? tmpdir()
}
