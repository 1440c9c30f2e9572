import { KanpekiError } from '../../kernel/error.ts'
import { readIfThere } from '../../platform/read-if-there.ts'
import { type Policy, readPolicy } from './policy.ts'

/** The policy in force: the own one where it is there and valid, else the one that ships. */
export interface PolicyFile {
  current(): Promise<{ readonly policy: Policy; readonly problem: string | null }>
}

export function openPolicyFile({ own, shipped }: { readonly own: string; readonly shipped: string }): PolicyFile {
  let text: string | undefined | null = null
  let answer: { readonly policy: Policy; readonly problem: string | null } | undefined
  return {
    async current() {
      const now = await readIfThere(own)
      if (answer !== undefined && now === text) return answer
      text = now
      if (now !== undefined)
        try {
          answer = { policy: readPolicy(now, own), problem: null }
          return answer
        } catch (error) {
          if (!(error instanceof KanpekiError)) throw error
          answer = { policy: await fromFile(shipped), problem: error.message }
          return answer
        }
      answer = { policy: await fromFile(shipped), problem: null }
      return answer
    },
  }
}

async function fromFile(file: string): Promise<Policy> {
  return readPolicy((await readIfThere(file)) ?? '', file)
}
