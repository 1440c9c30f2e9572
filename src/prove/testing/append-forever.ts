/** Appends to the ledger below the given data directory until it is killed; prints each size once it is durable. */
import { openLedger } from '../ledger.ts'
import { entriesFrom } from './entries-data.ts'

const ledger = await openLedger({ data: process.argv[2]! })
for (let step = 0; ; step++) {
  const head = await ledger.append(entriesFrom(ledger.head.outbox + 1, 1 + ((step * 7) % 60)))
  process.stdout.write(`${head.size}\n`)
}
