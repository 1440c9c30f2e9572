import { messageOf } from '../../kernel/error.ts'
import type { Interruption, RequestHead, ResponseHead, Transaction, TransactionRecord } from '../transaction.ts'

const NOTHING: TransactionRecord = { rules: [], messages: [] }

/**
 * A transaction whose faults are contained: after the first one the rules are asked no more, and `error` says what it was.
 * Whether the request then goes on is the holder's decision.
 */
export class GuardedTransaction {
  error: string | undefined
  readonly #transaction: Transaction | undefined

  constructor(begin: () => Transaction) {
    let transaction: Transaction | undefined
    try {
      transaction = begin()
    } catch (error) {
      this.error = messageOf(error)
    }
    this.#transaction = transaction
  }

  requestHead(head: RequestHead): Interruption | undefined {
    return this.#ask((transaction) => transaction.requestHead(head), undefined)
  }

  wantsRequestBody(): boolean {
    return this.#ask((transaction) => transaction.wantsRequestBody(), false)
  }

  requestBody(body: Buffer, truncated: boolean): Interruption | undefined {
    return this.#ask((transaction) => transaction.requestBody(body, truncated), undefined)
  }

  responseHead(head: ResponseHead): Interruption | undefined {
    return this.#ask((transaction) => transaction.responseHead(head), undefined)
  }

  wantsResponseBody(): boolean {
    return this.#ask((transaction) => transaction.wantsResponseBody(), false)
  }

  responseBody(body: Buffer, truncated: boolean): Interruption | undefined {
    return this.#ask((transaction) => transaction.responseBody(body, truncated), undefined)
  }

  finish(): TransactionRecord {
    return this.#ask((transaction) => transaction.finish(), NOTHING)
  }

  #ask<T>(question: (transaction: Transaction) => T, otherwise: T): T {
    if (this.#transaction === undefined || this.error !== undefined) return otherwise
    try {
      return question(this.#transaction)
    } catch (error) {
      this.error = messageOf(error)
      return otherwise
    }
  }
}
