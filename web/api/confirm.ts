/** Asks the person to show again who they are; answers whether they did. */
type Asker = () => Promise<boolean>

let asker: Asker | undefined
let asking: Promise<boolean> | undefined

/** The shell's dialog registers here; the client asks through it when the server says `confirm_identity`. */
export function setAsker(next: Asker | undefined): void {
  asker = next
}

/** Requests that are refused at the same time share one question. */
export function confirmIdentity(): Promise<boolean> {
  if (asker === undefined) return Promise.resolve(false)
  asking ??= asker().finally(() => {
    asking = undefined
  })
  return asking
}
