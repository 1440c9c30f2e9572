import { EXIT } from './options.ts'

/**
 * Keeps a process alive whose standard streams fail. A reader that went away (`| head`) is none of a command's business: what it
 * changes is changed to the end. Other failures of standard output, such as a full disk, are said once and make the exit code that of
 * an input/output error unless there is a graver one. Where standard error fails there is nobody left to tell.
 */
export function surviveBrokenStreams(): void {
  let failed = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (failed || isReaderGone(error)) return
    failed = true
    process.stderr.write(`kanpeki: standard output cannot be written: ${error.message}\n`)
  })
  process.stderr.on('error', () => {})
  process.on('exit', () => {
    if (failed && (process.exitCode ?? EXIT.ok) === EXIT.ok) process.exitCode = EXIT.io
  })
}

/** Resolves once more may be written. @returns whether anybody reads on. */
export async function writeOut(text: string): Promise<boolean> {
  if (text === '') return true
  return await new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error === null || error === undefined))
  })
}

function isReaderGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
}
