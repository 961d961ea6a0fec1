// Draws bench/results/targets.svg: of every benchmark's newest figures, how much of each target is used. A dot left of
// the line is a target met; it says which when the mouse rests on it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, median } from './harness.ts'

type Dot = { readonly share: number; readonly isMet: boolean; readonly text: string }
type Row = { readonly name: string; readonly scale: number; readonly dots: readonly Dot[] }

const RESULTS = join(import.meta.dirname, 'results')
const [LEFT, WIDTH, ROW_HEIGHT, TOP] = [150, 640, 26, 40]
/** Powers of ten from the left edge to the right. */
const [LEAST, GREATEST] = [-2, 2]

const rows = readdirSync(RESULTS)
  .filter((name) => name.endsWith('.jsonl'))
  .sort()
  .map(newestRow)
  .filter(({ dots }) => dots.length > 0)
writeFileSync(join(RESULTS, 'targets.svg'), drawing(rows))
console.log(`bench/results/targets.svg shows ${rows.length} benchmarks`)

type Result = {
  readonly at: string
  readonly machine: { readonly scale: number }
  readonly figures: readonly Figure[]
}

/** Of the newest run and of those of its day and scale, since some benchmarks are run part by part: of each figure the newest. */
function newestRow(file: string): Row {
  const lines = readFileSync(join(RESULTS, file), 'utf8').trimEnd().split('\n')
  const results = lines.map((line) => JSON.parse(line) as Result)
  const { at, machine } = results.at(-1)!
  const figures = new Map(
    results
      .filter((each) => each.machine.scale === machine.scale && dayOf(each.at) === dayOf(at))
      .flatMap((each) => each.figures.filter(({ target }) => target !== undefined))
      .map((figure) => [figure.name, figure] as const),
  )
  const dots = [...figures.values()].flatMap((figure): Dot[] => {
    const share = shareOf(figure)
    if (share === undefined) return []
    return [{ share, isMet: figure.target!.isMet, text: `${figure.name}: target ${figure.target!.text}` }]
  })
  return { name: file.slice(0, -'.jsonl'.length), scale: machine.scale, dots }
}

function dayOf(at: string): string {
  return at.slice(0, '2026-11-26'.length)
}

/** How much of its target a figure takes, 1 being all of it; undefined where the target is no bound of a number. */
function shareOf({ runs, target }: Figure): number | undefined {
  if (target === undefined) return undefined
  const [, direction, limitText] = /([≤≥]) ([\d.,]+)( %)?$/.exec(target.text) ?? []
  if (direction === undefined) return undefined
  const limit = Number(limitText!.replaceAll(',', ''))
  // Where the text begins with a number, that is what is bounded: a ratio, or how many times as fast.
  const [, stated] = /^(?:the long one )?([\d.,]+(?:e\+\d+)?)/.exec(target.text) ?? []
  const value = stated === undefined ? median(runs) : Number(stated.replaceAll(',', ''))
  return direction === '≤' ? value / limit : limit / value
}

function drawing(all: readonly Row[]): string {
  const height = TOP + all.length * ROW_HEIGHT + 30
  const powers = Array.from({ length: GREATEST - LEAST + 1 }, (_, i) => LEAST + i)
  const bottom = height - 30
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 20}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="white"/>',
    `<text x="${LEFT}" y="18">how much of its target each figure takes (left of 1: met)</text>`,
    ...powers.flatMap((power) => [
      `<line x1="${xOf(10 ** power)}" x2="${xOf(10 ** power)}" y1="${TOP - 10}" y2="${bottom}" stroke="${power === 0 ? '#333' : '#ddd'}"/>`,
      `<text x="${xOf(10 ** power)}" y="${bottom + 16}" text-anchor="middle">${10 ** power}</text>`,
    ]),
    ...all.flatMap(({ name, scale, dots }, at) => {
      const y = TOP + at * ROW_HEIGHT + ROW_HEIGHT / 2
      return [
        `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${name}${scale === 1 ? '' : ` (${scale})`}</text>`,
        ...dots.map(
          ({ share, isMet, text }) =>
            `<circle cx="${xOf(share)}" cy="${y}" r="4" fill="${isMet ? '#2a7' : '#c33'}" fill-opacity="0.6"><title>${escaped(text)}</title></circle>`,
        ),
      ]
    }),
    '</svg>',
    '',
  ].join('\n')
}

function xOf(share: number): number {
  const power = Math.min(GREATEST, Math.max(LEAST, Math.log10(share)))
  return Math.round(LEFT + ((power - LEAST) / (GREATEST - LEAST)) * WIDTH)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
