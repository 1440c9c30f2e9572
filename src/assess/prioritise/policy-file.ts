import { createHash } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { readIfThere } from '../../platform/read-if-there.ts'
import { type Policy, readPolicy } from './policy.ts'

export interface InForce {
  readonly policy: Policy
  readonly problem: string | null
  /** Another one where the policy is. */
  readonly stamp: string
}

/** The policy in force: the own one where it is there and valid, else the one that ships. */
export interface PolicyFile {
  current(): Promise<InForce>
}

export function openPolicyFile({ own, shipped }: { readonly own: string; readonly shipped: string }): PolicyFile {
  let text: string | undefined | null = null
  let answer: InForce | undefined
  return {
    async current() {
      const now = await readIfThere(own)
      if (answer !== undefined && now === text) return answer
      text = now
      if (now !== undefined)
        try {
          answer = inForce(readPolicy(now, own), null)
          return answer
        } catch (error) {
          if (!(error instanceof KanpekiError)) throw error
          answer = inForce(await fromFile(shipped), error.message)
          return answer
        }
      answer = inForce(await fromFile(shipped), null)
      return answer
    },
  }
}

async function fromFile(file: string): Promise<Policy> {
  return readPolicy((await readIfThere(file)) ?? '', file)
}

function inForce(policy: Policy, problem: string | null): InForce {
  return { policy, problem, stamp: createHash('sha256').update(JSON.stringify(policy)).digest('base64url') }
}
