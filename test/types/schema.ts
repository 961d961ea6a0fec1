// The schemas that the type tests ask: every value type, references in both directions, and a second database.

import { defineSchema } from 'varve'

export const shop = defineSchema('shop', {
  ':article/code': { type: 'string', unique: 'identity' },
  ':article/cents': { type: 'long' },
  ':article/stock': { type: 'long', exact: true },
  ':article/weight': { type: 'double' },
  ':article/rate': { type: 'float' },
  ':article/price': { type: 'bigdec' },
  ':article/serial': { type: 'bigint' },
  ':article/state': { type: 'keyword' },
  ':article/handler': { type: 'symbol' },
  ':article/sold': { type: 'boolean' },
  ':article/since': { type: 'instant' },
  ':article/uuid': { type: 'uuid', unique: 'value' },
  ':article/page': { type: 'uri' },
  ':article/picture': { type: 'bytes' },
  ':article/tags': { type: 'string', many: true },
  ':article/kind': { type: 'ref' },
  ':article/parts': { type: 'ref', many: true, component: true },
  ':article/related': { type: 'ref', many: true },
  ':article/size': { type: 'tuple', of: 'long' },
  ':article/place': { type: 'tuple', types: ['string', 'long', 'ref'] },
  ':article/code+cents': { type: 'tuple', attributes: [':article/code', ':article/cents'] },
  ':part/name': { type: 'string' },
  ':kind/book': { type: 'ident', doc: 'printed' },
  ':article/complete': { type: 'entity-spec', attributes: [':article/code', ':article/cents'] },
})

export const customers = defineSchema(
  'customers',
  { alias: 'cus' },
  {
    ':customer/id': { type: 'string', unique: 'identity' },
    ':customer/name': { type: 'string' },
    ':customer/born': { type: 'instant' },
  },
)
