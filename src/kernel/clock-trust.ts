/**
 * How far an event's own time may lie from its receipt before it is not believed, milliseconds: windows of rules then stand
 * at the received time, and its host's clock is shown as wrong. Senders may buffer, so that late is judged milder than early.
 */
export const CLOCK_AHEAD_MS = 5 * 60_000
export const CLOCK_BEHIND_MS = 10 * 60_000
