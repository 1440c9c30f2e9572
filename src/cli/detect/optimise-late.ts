import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8 wait longer before it hands a function to its last compiler. A run over files lasts seconds, in which that compiler took a fifth
 * of all CPU time, mostly for code that ran some ten thousand times and never again, as loading rules does; the one before it makes code
 * that is nearly as fast. What runs for each event of a long run still gets there. Young objects, most of them dead, are collected by the
 * thread that made them: handing out such little work to others costs more than it brings, and every core has a thread of ours already.
 * The flags are hints: a V8 that does not know one says so on standard error and goes on.
 */
export function optimiseLate(): void {
  setFlagsFromString('--invocation-count-for-turbofan=400000')
  setFlagsFromString('--invocation-count-for-osr=100000')
  setFlagsFromString('--no-parallel-scavenge')
}
