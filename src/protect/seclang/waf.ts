import type { BodyProcessor } from '../body/body.ts'
import { readOtherMultipart } from '../body/other-multipart.ts'
import { bodyProcessors } from '../body/registry.ts'
import { decodedBody } from '../proxy/decoded-body.ts'
import type { Interruption, RequestHead, ResponseHead, Transaction, TransactionRecord, Waf } from '../transaction.ts'
import { runPhase } from './evaluate.ts'
import type { Program } from './program.ts'
import { Run } from './program.ts'
import type { CollectionStore } from './store.ts'

export interface WafOptions {
  /** Where `IP`, `GLOBAL` and the other persistent collections live. */
  readonly store: CollectionStore
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function makeWaf(program: Program, options: WafOptions): Waf {
  return {
    begin: (mode) => makeTransaction(new Run(program, mode, options.store, options.now)),
    requestBodyLimit: program.settings.requestBodyLimit,
    responseBodyLimit: program.settings.responseBodyLimit,
  }
}

function makeTransaction(run: Run): Transaction {
  const { facts } = run
  if (facts.settings.engine === 'off') run.off = true
  /** The phase that ran last. */
  let reached = 0

  function advance(phase: number): Interruption | undefined {
    reached = phase
    if (run.off || skipped(run, phase)) return undefined
    if (run.mode === 'block' && run.interruption !== undefined) return undefined
    runPhase(run, phase)
    if (run.allowed === 'phase') run.allowed = undefined
    return run.mode === 'block' ? run.interruption : undefined
  }

  function requestBody(body: Buffer, truncated: boolean): Interruption | undefined {
    if (reached >= 2) return undefined
    readBody(run, body, truncated)
    const limit = checkLimits(run)
    if (limit !== undefined) return limit
    return advance(2)
  }

  function responseBody(body: Buffer, truncated: boolean): Interruption | undefined {
    if (reached >= 4) return undefined
    facts.responseBody = wantsResponseBody(run) ? body.toString('latin1') : ''
    facts.responseTruncated = truncated
    run.refresh('response')
    return advance(4)
  }

  return {
    requestHead: (head: RequestHead) => {
      facts.takeHead(head)
      return advance(1)
    },
    wantsRequestBody: () => !run.off && facts.bodyAccess,
    requestBody,
    responseHead: (head: ResponseHead) => {
      // A connection that had no body to give may go on to the response: phase 2 is due all the same.
      const before = reached < 2 ? requestBody(NO_BODY, false) : undefined
      if (before !== undefined) return before
      facts.takeResponse(head)
      run.refresh('response')
      return advance(3)
    },
    wantsResponseBody: () => wantsResponseBody(run),
    responseBody,
    finish: (): TransactionRecord => {
      if (reached === 3) responseBody(NO_BODY, false)
      reached = 5
      if (!run.off) runPhase(run, 5)
      return {
        rules: run.rules,
        messages: run.messages,
        ...(run.interruption === undefined ? {} : { interruption: run.interruption }),
      }
    },
  }
}

const NO_BODY = Buffer.alloc(0)

/** `allow:request` lets phases 1 and 2 pass, `allow` all but the logging. */
function skipped(run: Run, phase: number): boolean {
  return run.allowed === 'all' || (run.allowed === 'request' && phase <= 2)
}

/**
 * A body beyond `SecRequestBodyLimit`, or of which more than `SecRequestBodyNoFilesLimit` is no uploaded file, is refused with
 * 413 where `SecRequestBodyLimitAction` says so.
 */
function checkLimits(run: Run): Interruption | undefined {
  const { settings, bodyTruncated, bodyLength, parsed, bodyAccess, processor } = run.facts
  if (run.off || !bodyAccess || settings.requestBodyLimitAction !== 'reject') return undefined
  const isForm = processor === 'MULTIPART'
  const files = isForm ? (parsed.files ?? []).reduce((size, file) => size + file.size, 0) : 0
  // A part may be both a file and a field.
  const fields = !isForm ? 0 : parsed.args.reduce((size, [, value]) => size + value.length, 0)
  if (!bodyTruncated && Math.max(bodyLength - files, fields) <= settings.requestBodyNoFilesLimit) return undefined
  run.interruption ??= { ruleId: 0, action: 'deny', status: 413 }
  return run.mode === 'block' ? run.interruption : undefined
}

function readBody(run: Run, body: Buffer, truncated: boolean): void {
  const { facts } = run
  // Many applications take a coding off by themselves, so that rules must see what is in it. One byte more tells that there is more.
  const coding = facts.headers.filter(({ lower }) => lower === 'content-encoding').map(({ value }) => value.text)
  const decoded = run.off || !facts.bodyAccess ? body : decodedBody(body, coding.join(), facts.bodyLimit + 1)
  const seen = decoded.length === 0 ? body : decoded
  facts.bodyLength = seen.length
  facts.bodyTruncated = truncated || (facts.bodyAccess && seen.length > facts.bodyLimit)
  if (run.off || !facts.bodyAccess) return
  facts.body = seen.toString('latin1', 0, Math.min(seen.length, facts.bodyLimit))
  const processor = processorOf(run)
  if (processor !== undefined && facts.body !== '') {
    facts.takeBody(
      processor(facts.body, {
        contentType: facts.header('content-type'),
        argumentSeparator: facts.settings.argumentSeparator,
        argumentsLimit: facts.settings.argumentsLimit,
        depthLimit: facts.settings.jsonDepthLimit,
      }),
    )
  }
  run.refresh('body')
}

function processorOf({ facts }: Run): BodyProcessor | undefined {
  if (Object.hasOwn(bodyProcessors, facts.processor)) return bodyProcessors[facts.processor]
  return facts.processor === '' && /^\s*multipart\//i.test(facts.header('content-type')) ? readOtherMultipart : undefined
}

function wantsResponseBody(run: Run): boolean {
  const { facts } = run
  if (run.off || !facts.responseAccess || facts.response === undefined) return false
  const types = facts.settings.responseBodyTypes
  if (types === undefined) return true
  const type = facts.responseHeaders.find((item) => item.lower === 'content-type')?.value.text ?? ''
  return types.has(/^[^;\s]*/.exec(type)![0].toLowerCase())
}
