import { z } from 'zod'

/** RFC 9457 problem details, with the code and remedy that Kanpeki adds. */
const problemSchema = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  status: z.number().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  remedy: z.string().optional(),
  place: z
    .object({
      file: z.string().optional(),
      line: z.number().optional(),
      column: z.number().optional(),
      field: z.string().optional(),
    })
    .optional(),
  /** What is wrong with the input, by field. */
  errors: z
    .array(z.object({ path: z.string(), message: z.string(), code: z.string().optional(), bound: z.number().optional() }))
    .optional(),
})
type ProblemDetails = z.infer<typeof problemSchema>

/** A request that did not succeed. `status` is 0 when no answer came at all. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly remedy: string | undefined
  readonly place: ProblemDetails['place']
  readonly errors: NonNullable<ProblemDetails['errors']>

  constructor(status: number, details: ProblemDetails) {
    super(details.detail ?? details.title ?? `HTTP ${status}`)
    this.name = 'Problem'
    this.status = status
    this.code = details.code ?? `http-${status}`
    this.remedy = details.remedy
    this.place = details.place
    this.errors = details.errors ?? []
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text()
  try {
    const parsed = problemSchema.safeParse(JSON.parse(text))
    if (parsed.success) return new Problem(response.status, parsed.data)
  } catch {
    // Not JSON: a proxy in between has answered for the server.
  }
  return new Problem(response.status, { detail: text.slice(0, 300) })
}
