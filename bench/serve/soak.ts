// Minutes of the mix of both beside the writer, every answer checked, while the memory of the service, of the writer and of
// the clients is looked at once a second.

import { type Figure, median, percentile } from '../harness.ts'
import { memoryMiB } from './processes.ts'
import type { PartContext, World } from './world.ts'

const CLIENT_COUNT = 16
/** Low enough for all cores together, so that the soak shows memory and not the queue. */
const QUESTIONS_PER_SECOND = 1_000
const SLICE_MS = 60_000
const SAMPLE_MS = 1_000
/** From the second fifth of the time to the last. */
const GROWTH_MAX = 0.1

type Process = { readonly name: string; readonly processId: number; readonly runs: number[] }

export async function soak(world: World, { minutes, say, note }: PartContext): Promise<readonly Figure[]> {
  await world.serve(true)
  note('soak: minutes', minutes)
  const processes: readonly Process[] = [
    { name: 'service', processId: world.served.processId, runs: [] },
    { name: 'writer', processId: world.writer.processId, runs: [] },
    { name: 'clients', processId: world.clients.processId, runs: [] },
  ]
  const sampler = setInterval(() => {
    for (const { processId, runs } of processes) runs.push(memoryMiB(processId).now)
  }, SAMPLE_MS)
  const [points, scans]: [number[], number[]] = [[], []]
  let [answerCount, refusedCount] = [0, 0]
  // In slices, so that the clients need not remember how long every answer of the whole time took.
  for (let leftMs = minutes * 60_000; leftMs > 0; leftMs -= SLICE_MS) {
    const ms = Math.min(leftMs, SLICE_MS)
    const { answers } = await world.ask({
      mix: 'both',
      clientCount: CLIENT_COUNT,
      perSecond: QUESTIONS_PER_SECOND,
      ms,
      deadlineMs: Infinity,
    })
    points.push(percentile(answers.points, 0.99))
    scans.push(percentile(answers.scans, 0.99))
    answerCount += answers.points.length + answers.scans.length
    refusedCount += answers.refusedCount
    say(`${((leftMs - ms) / 60_000).toFixed(1)} minutes left`)
  }
  clearInterval(sampler)
  return [
    { name: 'soak, answers, all right', unit: 'questions', runs: [answerCount] },
    { name: 'soak, refused', unit: 'questions', runs: [refusedCount] },
    { name: 'soak, points, p99 of each minute', unit: 'ms', runs: points },
    { name: 'soak, scans, p99 of each minute', unit: 'ms', runs: scans },
    ...processes.flatMap(memoryFigures),
  ]
}

function memoryFigures({ name, processId, runs }: Process): readonly Figure[] {
  const fifth = Math.floor(runs.length / 5)
  const growth = median(runs.slice(-fifth)) / median(runs.slice(fifth, 2 * fifth)) - 1
  return [
    {
      name: `soak, resident memory of the ${name}`,
      unit: 'MiB, each second',
      runs,
      target: {
        text: `${(growth * 100).toFixed(1)} % from the second fifth to the last, ≤ ${GROWTH_MAX * 100} %`,
        isMet: growth <= GROWTH_MAX,
      },
    },
    { name: `soak, peak memory of the ${name}`, unit: 'MiB', runs: [memoryMiB(processId).peak] },
  ]
}
