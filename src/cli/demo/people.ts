// Who works at the company and may see what: tokens for some of the staff, and grants as their work needs them.

import type { GrantText } from '../../access/grant.ts'

export type Person = {
  /** What the file with the token is called. */
  readonly id: string
  readonly caller: string
  readonly roles: readonly string[]
  /** For the tour. */
  readonly about: string
}

export const PEOPLE = [
  { id: 'ida', caller: 'ida@shop', roles: ['service'], about: 'service: addresses only as hashes' },
  { id: 'rosa', caller: 'rosa@shop', roles: ['regions'], about: 'manages the south, and sees it alone' },
  { id: 'tove', caller: 'tove@shop', roles: ['regions'], about: 'manages the north, and sees it alone' },
  { id: 'noor', caller: 'noor@shop', roles: ['planning'], about: 'plans: nothing about persons' },
] as const satisfies readonly Person[]

/** Of the customers database: the cities of the region that the caller manages, and who lives there. */
const OWN_REGION = `[[(visible ?e ?caller) [?r :region/manager ?caller] [?r :region/cities ?city] [?e :customer/city ?city]]]`

export const GRANTS: readonly GrantText[] = [
  {
    principal: 'role:service',
    database: 'customers',
    attributes: [':customer/id', ':customer/name', ':customer/city', ':audit/*'],
  },
  { principal: 'role:service', database: 'customers', attributes: [':customer/email'], mask: 'hash' },
  { principal: 'role:service', database: 'purchases', attributes: ['*'] },
  { principal: 'role:service', database: 'bills', attributes: ['*'] },
  {
    principal: 'role:service',
    database: 'staff',
    attributes: [':staff/login', ':staff/name', ':staff/team'],
  },
  { principal: 'role:regions', database: 'customers', attributes: [':customer/*'], rowRule: OWN_REGION },
  {
    principal: 'role:planning',
    database: 'customers',
    attributes: [':customer/id', ':customer/city', ':customer/tier', ':region/*', ':db/ident'],
  },
  { principal: 'role:planning', database: 'purchases', attributes: [':article/*', ':purchase/*'] },
  {
    principal: 'role:planning',
    database: 'staff',
    attributes: [':staff/team', ':staff/salary'],
    purposes: ['budget'],
  },
]
