// Relative links and anchors in Markdown lead somewhere.

import { posix } from 'node:path'
import { codeMask } from './markdown.ts'
import type { Problem } from './problem.ts'
import { lineFinder } from './source.ts'

export type Page = { readonly path: string; readonly text: string }

/** `exists` tells whether a file or folder is there, by its path from the root. */
export function checkLinks(pages: readonly Page[], exists: (path: string) => boolean): Problem[] {
  const anchors = new Map(pages.map((page) => [page.path, anchorsOf(page.text)]))
  return pages.flatMap((page) => {
    const text = codeMask(page.text)
    const lineOf = lineFinder(text)
    return linksOf(text).flatMap(({ target, position }): Problem[] => {
      if (/^[a-z][a-z+.-]*:/i.test(target)) return []
      const at = { file: page.path, line: lineOf(position) }
      const [linked = '', anchor] = target.split('#')
      const path =
        linked === '' ? page.path : posix.normalize(posix.join(posix.dirname(page.path), decodeURI(linked)))
      if (linked !== '' && !exists(path.replace(/\/$/, ''))) {
        return [
          { ...at, message: `the link ${target} leads to nothing`, fix: `Create ${path}, or mend the link` },
        ]
      }
      const known = anchors.get(path)
      if (anchor === undefined || known === undefined || known.has(anchor)) return []
      return [
        { ...at, message: `${path} has no heading #${anchor}`, fix: `Take one of: ${[...known].join(', ')}` },
      ]
    })
  })
}

function linksOf(text: string): { readonly target: string; readonly position: number }[] {
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const named = [...text.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)]
  const html = [...text.matchAll(/\b(?:src|href)="([^"]+)"/g)]
  return [...inline, ...named, ...html].map((match) => ({ target: match[1]!, position: match.index }))
}

/** Anchors of headings as GitHub makes them: lower case, punctuation dropped, spaces as hyphens. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const match of codeMask(text).matchAll(/^#{1,6}[^\S\n]+(.+?)[^\S\n]*#*$/gm)) {
    // The mask blanks code spans, whose words belong to the anchor: read the heading in the original.
    const heading = text.slice(match.index, match.index + match[0].length).replace(/^#+\s+/, '')
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const base = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-')
    let anchor = base
    for (let count = 1; anchors.has(anchor); count++) anchor = `${base}-${count}`
    anchors.add(anchor)
  }
  for (const match of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(match[1]!)
  return anchors
}
