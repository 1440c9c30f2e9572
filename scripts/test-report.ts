import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

/** Of the report that `vitest --reporter=json` writes, what is counted here. https://vitest.dev/guide/reporters#json-reporter */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
})

/** A file of tests, by its whole path. */
export interface TestFile {
  readonly name: string
  /** `failed` where a case failed, or where the file could not be read or prepared. */
  readonly status: string
  readonly message: string
  readonly cases: readonly { readonly status: string; readonly fullName: string }[]
}

/** @returns undefined where there is no report: the runner itself ended early. */
export function readReport(path: string): readonly TestFile[] | undefined {
  if (!existsSync(path)) return undefined
  const { testResults } = report.parse(JSON.parse(readFileSync(path, 'utf8')))
  return testResults.map(({ assertionResults, ...rest }) => ({ ...rest, cases: assertionResults }))
}

/** Files of which anything failed. */
export function failedFiles(files: readonly TestFile[]): readonly TestFile[] {
  return files.filter(({ status, cases }) => status === 'failed' || cases.some((one) => one.status === 'failed'))
}

export interface Tally {
  readonly passed: number
  /** Cases that failed, and files that failed without one. */
  readonly failed: number
  readonly skipped: number
  readonly leftOut: readonly string[]
  /** Files that failed although none of their cases did, with the first line of the reason. */
  readonly unread: readonly string[]
}

/** Every case is one of passed, failed and skipped; a file that could not even be read has no case to count, and is a failure all the same. */
export function tallyOf(files: readonly TestFile[]): Tally {
  const cases = files.flatMap((file) => file.cases)
  const withStatus = (status: string): number => cases.filter((one) => one.status === status).length
  const unread = files
    .filter(({ status, cases: own }) => status === 'failed' && own.every((one) => one.status !== 'failed'))
    .map(({ name, message }) => `${name}: ${message.split('\n')[0]}`)
  const passed = withStatus('passed')
  const failed = withStatus('failed')
  return {
    passed,
    failed: failed + unread.length,
    skipped: cases.length - passed - failed,
    leftOut: cases.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
    unread,
  }
}
