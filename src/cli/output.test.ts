import { describe, expect, it } from 'vitest'
import { formatResult } from './output.ts'

describe('a table', () => {
  it('is cut to the width it may have, the widest columns first', () => {
    const rows = [['pur-8', 'a long text that goes on and on', 12]]
    expect(formatResult(rows, ['?id', '?text', '?n'], 'table', { widthMax: 30 })).toBe(
      '?id    ?text                ?n\n─────  ───────────────────  ──\npur-8  a long text that g…  12\n',
    )
    const widest = formatResult(rows, ['?id', '?text', '?n'], 'table').split('\n')[2]
    expect(widest).toBe('pur-8  a long text that goes on and on  12')
  })

  it('lets no value steer the terminal, and lines wide characters up', () => {
    const rows = [
      ['\u001b[2Jgone', 1],
      ['日本', 2],
    ]
    expect(formatResult(rows, ['?v', '?n'], 'table')).toBe(
      '?v        ?n\n────────  ──\n [2Jgone   1\n日本       2\n',
    )
  })
})
