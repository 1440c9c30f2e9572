import { readConfig } from '../../platform/config.ts'
import { rotateSecrets } from '../rotate-secrets.ts'

/** `rotate-until.ts DATA N`: rotates, and is killed as by a power cut right after the Nth durable step. */
const [data, steps] = process.argv.slice(2)
let left = Number(steps)
await rotateSecrets(readConfig(data!, {}, {}), {}, () => {
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
})
