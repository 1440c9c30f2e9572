import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { RawReply } from '../../platform/http/route.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { incidentMeasures } from '../incidents/measures.ts'
import type { IncidentDetail, IncidentsReply } from '../incidents/schema.ts'
import { isExercise } from '../incidents/seams.ts'
import { incidentBed, MINUTE, mori } from '../incidents/testing/bed.ts'
import { migrations } from '../migrations.ts'
import { advanceSimulations, type ExerciseDeps } from './exercise.ts'
import { exerciseRoutes } from './routes.ts'
import type { ExerciseDetail, ExercisesReply } from './schema.ts'
import { readScripts } from './scripts.ts'
import type { ExerciseTables } from './tables.ts'

const SCRIPTS = readScripts(fileURLToPath(new URL('../../../content/exercises', import.meta.url)))

it('ships scripts of both kinds, said in both languages', () => {
  expect(new Set(SCRIPTS.map(({ kind }) => kind)).size).toBe(2)
  const texts = SCRIPTS.flatMap(({ title, about, injects }) => [
    ...[title, about],
    ...injects.flatMap(({ text, questions, expect: good, alerts }) => [
      text,
      ...questions,
      ...(good === undefined ? [] : [good]),
      ...alerts.map((one) => one.title),
    ]),
  ])
  for (const { en, ja } of texts) expect(ja).not.toBe(en)
  expect(texts.length).toBeGreaterThan(30)
  console.log(`${SCRIPTS.length} scripts, ${texts.length} texts`)
})

describeStates('exercises', (bed) => {
  it('holds a table-top and keeps its report, and a simulation that counts nowhere', async () => {
    const state = await bed.open(migrations)
    let exercises: ExerciseDeps | undefined
    const world = incidentBed(state, (incidents) => {
      exercises = { incidents, scripts: SCRIPTS }
      return exerciseRoutes(exercises)
    })
    const begin = async (script: string) =>
      (await world.call('POST', '/api/v1/exercises', { body: { script, participants: ['sato', 'mori'] } })) as ExerciseDetail
    const deed = async (id: string, body: object) =>
      (await world.call('POST', '/api/v1/exercises/:id/deeds', { params: { id }, body, caller: mori })) as ExerciseDetail
    const { scripts } = (await world.call('GET', '/api/v1/exercises')) as ExercisesReply
    expect(scripts.map(({ id }) => id)).toEqual(SCRIPTS.map(({ id }) => id))

    const top = await begin('ransomware-weekend')
    // Nobody reads ahead.
    expect(top.injects.map(({ text }) => text === null)).toEqual([false, true, true, true])
    expect(top.injects[0]).toMatchObject({ expect: null, shown: '2026-11-22T09:00:00.000Z' })
    world.wait(2 * MINUTE)
    const hostile = '<img src=x onerror=alert(1)> =1+1 {{7*7}}'
    await deed(top.id, { do: 'answer', inject: 0, question: 0, text: hostile })
    expect(await rejectionOf(deed(top.id, { do: 'answer', inject: 1, question: 0, text: 'early' }))).toBe('not_found')
    expect((await deed(top.id, { do: 'next' })).injects[1]!.text).not.toBeNull()
    const report = { params: { id: top.id }, query: { format: 'html' } }
    expect(await rejectionOf(world.call('GET', '/api/v1/exercises/:id/report', report))).toBe('conflict')
    const ended = await deed(top.id, {
      do: 'end',
      summary: 'Nobody had the telephone list.',
      improvements: [{ title: 'Print it', owner: 'sato' }],
    })
    expect(ended).toMatchObject({ state: 'ended', report: { replies: { asked: 5, answered: 1, mean: 120, slowest: 120 } } })
    expect(ended.injects.every(({ text, expect: good }) => text !== null && good !== null)).toBe(true)
    const kept = (await state
      .scoped<ExerciseTables>('default')
      .selectFrom('respond_exercises')
      .select('report')
      .executeTakeFirst())!.report!
    expect(ended.sha256).toBe(createHash('sha256').update(kept).digest('hex'))
    const evidence = (await readOutbox(state.tables(), 0, 100)).map(({ body }) => body)
    expect(evidence.at(-1)).toMatchObject({ action: 'exercise.end', sha256: ended.sha256, by: { name: 'mori' } })
    expect(ended.entry).not.toBeNull()
    expect(await rejectionOf(deed(top.id, { do: 'next' }))).toBe('conflict')
    const html = String(((await world.call('GET', '/api/v1/exercises/:id/report', report)) as RawReply).body)
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;img src=x')
    const ja = { params: { id: top.id }, query: { language: 'ja' } }
    const pdf = (await world.call('GET', '/api/v1/exercises/:id/report', ja)) as RawReply
    expect(
      Buffer.from(pdf.body as Uint8Array)
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')

    const simulation = await begin('credential-stuffing-live')
    const id = simulation.incident!
    expect(await isExercise(state.scoped('default'), id)).toBe(true)
    expect(await advanceSimulations(exercises!)).toBe(0)
    world.wait(6 * MINUTE)
    expect(await advanceSimulations(exercises!)).toBe(1)
    expect(await advanceSimulations(exercises!)).toBe(0)
    const grown = (await world.call('GET', '/api/v1/incidents/:id', { params: { id } })) as IncidentDetail
    expect(grown.alertList.map(({ entity }) => entity.name)).toEqual(['203.0.113.77', 'tanaka@shop.example'])
    const team = grown.messages.find(({ audience }) => audience.en === 'Incident response team')!
    const told = await world.deed(id, { do: 'message-send', message: team.id, channel: 'mail', subject: 'x', text: 'y' })
    expect(told.messages.find((one) => one.id === team.id)).toMatchObject({
      state: 'simulated',
      sent: '2026-11-22T09:08:00.000Z',
    })
    expect(world.told).toEqual([])
    await world.deed(id, { do: 'phase', phase: 'eradication' })
    const over = await deed(simulation.id, { do: 'end' })
    expect(over.report?.incident).toMatchObject({ clocks: { acknowledge: 360, contain: 360 }, messages: { told: 1 } })
    const real = (await world.call('GET', '/api/v1/incidents', { query: { state: 'all' } })) as IncidentsReply
    expect(real.incidents).toEqual([])
    const only = (await world.call('GET', '/api/v1/incidents', {
      query: { state: 'closed', exercises: 'only' },
    })) as IncidentsReply
    expect(only.incidents).toMatchObject([{ exercise: simulation.id, outcome: 'expected' }])
    for (const measure of incidentMeasures(state))
      expect((await measure.measure({}, 0, world.now() + 1, 'default')).value, measure.id).toBeNull()
  })
})
