import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { receiptMessageSchema } from '../../hosts/schema.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { readIfThere } from '../../platform/read-if-there.ts'

/** An update that was asked for: it outlives the agent that was asked, and its result is told by whichever runs then. */
const pendingSchema = z.object({
  id: z.uuid(),
  key: z.string(),
  version: z.string(),
  sha256: z.string(),
  result: receiptMessageSchema.shape.result.optional(),
})
export type Pending = z.infer<typeof pendingSchema>

const fileOf = (folder: string): string => join(folder, 'update.json')

export async function readPending(folder: string): Promise<Pending | undefined> {
  const text = await readIfThere(fileOf(folder))
  return text === undefined ? undefined : pendingSchema.safeParse(JSON.parse(text)).data
}

export const writePending = async (folder: string, pending: Pending): Promise<void> =>
  await writeFileAtomically(fileOf(folder), JSON.stringify(pending))

export const forgetPending = async (folder: string): Promise<void> => await rm(fileOf(folder), { force: true })
