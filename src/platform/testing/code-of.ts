import { KanpekiError } from '../../kernel/error.ts'

/** The code of the KanpekiError that a call throws; undefined if it does not throw. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof KanpekiError) return error.code
    throw error
  }
}

/** The same of a promise. */
export async function rejectionOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof KanpekiError) return error.code
    throw error
  }
}
