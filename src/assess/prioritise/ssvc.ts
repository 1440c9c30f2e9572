/** Stakeholder-Specific Vulnerability Categorization (CERT/CC): decision tables, not sums. */

export const EXPLOITATION = ['none', 'poc', 'active'] as const
export type Exploitation = (typeof EXPLOITATION)[number]
export const EXPOSURES = ['small', 'controlled', 'open'] as const
export type Exposure = (typeof EXPOSURES)[number]
export const IMPACTS = ['low', 'medium', 'high', 'very-high'] as const
export type Impact = (typeof IMPACTS)[number]

export const DEPLOYER_DECISIONS = ['defer', 'scheduled', 'out-of-cycle', 'immediate'] as const
export type DeployerDecision = (typeof DEPLOYER_DECISIONS)[number]
export const CISA_DECISIONS = ['track', 'track*', 'attend', 'act'] as const
export type CisaDecision = (typeof CISA_DECISIONS)[number]

/** A letter a row of the table, in the order of its columns; the last point changes fastest. */
const DEPLOYER: Readonly<Record<Exploitation, Readonly<Record<Exposure, readonly [no: string, yes: string]>>>> = {
  none: { small: ['ddss', 'dsss'], controlled: ['dsss', 'ssss'], open: ['dsss', 'ssso'] },
  poc: { small: ['dsss', 'ssss'], controlled: ['dsss', 'ssso'], open: ['ssso', 'ssoo'] },
  active: { small: ['ssoo', 'sooo'], controlled: ['ssoo', 'oooo'], open: ['sooi', 'ooii'] },
}
const DEPLOYER_LETTERS: Readonly<Record<string, DeployerDecision>> = {
  d: 'defer',
  s: 'scheduled',
  o: 'out-of-cycle',
  i: 'immediate',
}

/** The deployer's table (patch application priority 1.0.0): when to mend what one runs. */
export function decideDeployer(
  exploitation: Exploitation,
  exposure: Exposure,
  automatable: boolean,
  impact: Impact,
): DeployerDecision {
  const row = DEPLOYER[exploitation][exposure][automatable ? 1 : 0]
  return DEPLOYER_LETTERS[row[IMPACTS.indexOf(impact)]!]!
}

const CISA: Readonly<Record<Exploitation, readonly [noPartial: string, noTotal: string, yesPartial: string, yesTotal: string]>> =
  {
    none: ['ttt', 'tts', 'tta', 'tta'],
    poc: ['tts', 'tsa', 'tta', 'tsa'],
    active: ['tta', 'taA', 'aaA', 'aAA'],
  }
const CISA_LETTERS: Readonly<Record<string, CisaDecision>> = { t: 'track', s: 'track*', a: 'attend', A: 'act' }

/** CISA's table (2.0.3); it knows three steps of mission and well-being: very high counts as high. */
export function decideCisa(exploitation: Exploitation, automatable: boolean, total: boolean, impact: Impact): CisaDecision {
  const row = CISA[exploitation][(automatable ? 2 : 0) + (total ? 1 : 0)]!
  return CISA_LETTERS[row[Math.min(2, IMPACTS.indexOf(impact))]!]!
}
