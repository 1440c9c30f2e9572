import { describe, expect, it } from 'vitest'
import { eventCount, readCorpus, runCase, spelledOut } from './run-case.ts'

const corpus = readCorpus(new URL('./', import.meta.url))
const running = corpus.filter(({ fires }) => fires !== undefined)

describe('what correlations do, event by event', () => {
  it.each(corpus)('$file: $name', (one) => {
    const { fired, refused, stats, detections } = runCase(one)
    if (one.refused !== undefined) {
      expect(refused.map(({ reason }) => reason).join('\n')).toContain(one.refused)
      return
    }
    expect(refused).toEqual([])
    expect(fired).toEqual(one.fires?.map(spelledOut))
    const counters = stats.rules.find(({ id }) => id === 'c')
    if (one.stats !== undefined) expect(counters).toMatchObject(one.stats)
    if (one.group !== undefined) expect(detections.at(-1)?.group).toEqual(one.group)
    if (one.byReceivedTime !== undefined) expect(stats.byReceivedTime).toBe(one.byReceivedTime)
  })

  it('goes on after a restart at any event as if nothing had happened', () => {
    let cuts = 0
    // Where a bound bites, what was forgotten depends on what came before: that is what its counter says.
    for (const one of running.filter(({ file }) => file !== 'bounds.yml')) {
      const whole = runCase(one).fired
      for (let cut = 1; cut < eventCount(one); cut += 1) {
        expect(runCase(one, cut).fired, `${one.file}: ${one.name}, restarted before event ${cut + 1}`).toEqual(whole)
        cuts += 1
      }
    }
    console.log(`${corpus.length} cases, ${cuts} restarts`)
    expect(cuts).toBeGreaterThan(300)
  })

  it('has at least 150 cases, each with a name of its own', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(150)
    expect(new Set(corpus.map(({ file, name }) => `${file} ${name}`)).size).toBe(corpus.length)
  })
})
