import { type CarryOut, openHouse, type Point } from './respond-house.ts'

/** Runs what is due until every step that comes to the point is held there; its parent then kills it. Arguments: the folder, the point. */
const [root = '', point = ''] = process.argv.slice(2) as [string, Point]
const waiting = new Map<string, (answer: Awaited<ReturnType<CarryOut>>) => void>()
process.on('message', (answer: Awaited<ReturnType<CarryOut>>) => {
  waiting.get(answer.id)?.(answer)
  waiting.delete(answer.id)
})
const carryOut: CarryOut = (text) =>
  new Promise((resolve) => {
    waiting.set((JSON.parse(text) as { id: string }).id, resolve)
    process.send?.({ text })
  })
const house = await openHouse(root, carryOut, async (action, at) => {
  if (at !== point) return
  process.send?.({ reached: action })
  await new Promise(() => setInterval(() => {}, 1000))
})
await house.runner.round()
process.send?.({ complaints: house.complaints.map(String) })
