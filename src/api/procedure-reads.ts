// What a transaction procedure may ask of the database before the transaction, as JSON for JSON: the `db` that stands
// before its arguments (docs/reference/procedures.md).

import { pull } from '../engine/pull.ts'
import type { FactSource } from '../fact/datom.ts'
import { formFromJson, type JsonNode, readJson } from '../fact/json-form.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Edn, EdnMap } from '../fact/value.ts'
import { parsedPattern } from '../query/parsed.ts'
import { answerFrom, type AskingNow } from './functions.ts'

/** The answer to `["q", query, args]`, `["pull", pattern, entity]`, `["entity", …]`, `["value", …]` or `["basis"]`. */
export function answerRead(facts: FactSource, question: string, asking: AskingNow): string {
  const node = readJson(question)
  const [what, first = NULL, second = NULL] = node.kind === 'array' ? node.items : []
  return writeJson(answered(facts, what?.kind === 'string' ? what.value : '', [first, second], asking), {
    exact: true,
  })
}

const NULL: JsonNode = { kind: 'null', origin: undefined }

function answered(
  facts: FactSource,
  what: string,
  [first, second]: readonly [JsonNode, JsonNode],
  asking: AskingNow,
): Edn {
  switch (what) {
    case 'q': {
      const args = formFromJson(second, 'arguments') as readonly Edn[]
      return answerFrom(facts, formFromJson(first, 'query'), args, asking)
    }
    case 'pull':
      return pulled(facts, formFromJson(first, 'pattern'), second)
    case 'entity':
      return pulled(facts, '[*]', first)
    case 'value': {
      const attribute = formFromJson(second, 'form')
      const found = pulled(facts, [attribute], first)
      return found instanceof EdnMap ? (found.get(attribute) ?? null) : null
    }
    default:
      return facts.basisT
  }
}

function pulled(facts: FactSource, pattern: Edn, entity: JsonNode): Edn {
  return pull(facts, parsedPattern(pattern), formFromJson(entity, 'form'))
}
