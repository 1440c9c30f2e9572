import { RawReply, type SaidProblem } from '../../platform/http/route.ts'

export const SCIM_TYPE = 'application/scim+json; charset=utf-8'
const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** RFC 7644 §3.12, table 9. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'

/** What a SCIM client did wrong, as its protocol says it. */
export class ScimProblem extends Error {
  readonly status: number
  readonly scimType: ScimType | undefined
  constructor(status: number, detail: string, scimType?: ScimType) {
    super(detail)
    this.name = 'ScimProblem'
    this.status = status
    this.scimType = scimType
  }
}

export function invalid(scimType: ScimType, detail: string): ScimProblem {
  return new ScimProblem(400, detail, scimType)
}

export function problemReply(status: number, detail: string, scimType?: ScimType): RawReply {
  const body = { schemas: [ERROR_SCHEMA], status: String(status), ...(scimType === undefined ? {} : { scimType }), detail }
  return new RawReply(SCIM_TYPE, JSON.stringify(body), { 'cache-control': 'no-store' }, status)
}

/** For what goes wrong outside the handler: no token, a malformed body, something of ours. */
export function sayProblem({ status, code, detail }: SaidProblem): RawReply {
  return problemReply(status, detail, code === 'invalid_input' || code === 'bad_request' ? 'invalidSyntax' : undefined)
}
