import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'

const catalogue = z.object({
  catalogVersion: z.string(),
  dateReleased: z.string(),
  vulnerabilities: z.array(
    z.object({
      cveID: z.string().regex(/^CVE-\d{4}-\d{4,}$/),
      dateAdded: z.string(),
      dueDate: z.string().optional(),
      vulnerabilityName: z.string().default(''),
      knownRansomwareCampaignUse: z.string().default('Unknown'),
    }),
  ),
})

/** An entry of CISA's catalogue of vulnerabilities that are known to be exploited. */
export interface KevEntry {
  readonly added: string
  readonly due: string | null
  readonly ransomware: boolean
}

export interface Kev {
  readonly version: string
  readonly released: string
  readonly byCve: ReadonlyMap<string, KevEntry>
}

/** Reads the catalogue as CISA publishes it. @throws KanpekiError `feed_invalid`. */
export function readKev(value: unknown, file: string): Kev {
  const parsed = catalogue.safeParse(value)
  if (!parsed.success)
    throw new KanpekiError(
      'feed_invalid',
      `${file} is no KEV catalogue: ${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`,
      {
        place: { file },
        remedy: 'Fetch known_exploited_vulnerabilities.json again.',
      },
    )
  const { catalogVersion, dateReleased, vulnerabilities } = parsed.data
  return {
    version: catalogVersion,
    released: dateReleased,
    byCve: new Map(
      vulnerabilities.map(({ cveID, dateAdded, dueDate, knownRansomwareCampaignUse }) => [
        cveID,
        { added: dateAdded, due: dueDate ?? null, ransomware: knownRansomwareCampaignUse === 'Known' },
      ]),
    ),
  }
}
