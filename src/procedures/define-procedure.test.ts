import { expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { defineProcedure, type ProcedureDefinition, receivedProcedure } from './define-procedure.ts'
import { ProcedureSet } from './procedure-set.ts'

const GIVEN: ProcedureDefinition = {
  name: 't/x',
  parameters: { a: 'long', 'b?': 'any' },
  source: '(a, b) => a',
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof VarveError) return error.code
    throw error
  }
  return 'none'
}

it('a procedure is plain data with a hash of all of it', () => {
  const made = defineProcedure(GIVEN)
  expect(made).toEqual({
    name: 't/x',
    version: 1,
    kind: 'function',
    doc: '',
    language: 'typescript',
    parameters: [
      { name: 'a', type: 'long', isOptional: false },
      { name: 'b', type: 'any', isOptional: true },
    ],
    returns: 'any',
    source: '(a, b) => a',
    hash: 'sha256:f7db1f7e6a4c4224aa1897fa2cf76640113ea62ae7e20a4c53dac80cbf0f664c',
  })
  const others: readonly Partial<ProcedureDefinition>[] = [
    { name: 't/y' },
    { version: 2 },
    { kind: 'predicate' },
    { doc: 'x' },
    { language: 'javascript' },
    { parameters: { a: 'long' } },
    { returns: 'long' },
    { source: '(a, b) => b' },
  ]
  const hashes = [GIVEN, ...others].map((other) => defineProcedure({ ...GIVEN, ...other }).hash)
  expect(new Set(hashes).size).toBe(hashes.length)
})

it('the text of a function is its source, as JavaScript', () => {
  const made = defineProcedure({ ...GIVEN, source: (a: number) => a + 1 })
  expect(made).toMatchObject({ language: 'javascript', source: expect.stringContaining('a + 1') as string })
})

it('what comes back from where it was kept is checked against its hash', () => {
  const made = defineProcedure(GIVEN)
  expect(receivedProcedure(structuredClone(made))).toEqual(made)
  const { source: _, ...without } = made
  const wrong: readonly unknown[] = [
    { ...made, source: '() => 2' },
    { ...made, hash: 'sha256:0' },
    { ...made, parameters: [{ name: 'a' }] },
    { ...made, parameters: 'a' },
    { ...made, name: 7 },
    without,
    null,
    'text',
  ]
  for (const each of wrong)
    expect(codeOf(() => receivedProcedure(each))).toBe('varve.error/procedure-invalid')
})

it.each<Partial<Record<keyof ProcedureDefinition, unknown>>>([
  { name: 'x' },
  { name: 7 },
  { doc: 7 },
  { doc: 'x'.repeat(8_193) },
  { parameters: { 'a b': 'long' } },
  { parameters: { '': 'long' } },
  { name: 't/x#2' },
  { name: 't/x y' },
  { name: 'clojure.string/x' },
  { name: 'db/x' },
  { version: 0 },
  { version: 1.5 },
  { kind: 'other' },
  { language: 'coffee' },
  { returns: 'text' },
  { parameters: { a: 'text' } },
  { parameters: { 'a?': 'long', b: 'long' } },
  { parameters: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`p${at}`, 'any'])) },
  { source: ' ' },
  { source: 'x'.repeat(65_537) },
  { source: '"\ud800"' },
])('%o is refused', (wrong) => {
  // What people write in JavaScript has no types.
  const definition = { ...GIVEN, ...wrong } as ProcedureDefinition
  expect(codeOf(() => defineProcedure(definition))).toBe('varve.error/procedure-invalid')
})

it('a set knows each version, and the newest by the bare name', () => {
  const [one, two, ten] = [1, 2, 10].map((version) => defineProcedure({ ...GIVEN, version }))
  const set = new ProcedureSet([ten!, one!, two!, one!])
  expect([...set.all].sort((x, y) => x.version - y.version)).toEqual([one, two, ten])
  expect(set.named('t/x')).toBe(ten)
  expect(set.named('t/x#2')).toBe(two)
  expect(set.named('t/x#3')).toBeUndefined()
  expect(set.hash).toBe(new ProcedureSet([one!, two!, ten!]).hash)
  expect(set.hash).not.toBe(new ProcedureSet([one!, two!]).hash)
})

it('a set of what was called before means by a bare name what that meant', () => {
  const [one, two, three] = [1, 2, 3].map((version) => defineProcedure({ ...GIVEN, version }))
  const now = new ProcedureSet([one!, two!, three!])
  const then = now.only({ 't/x#2': two!.hash })
  expect(then.named('t/x')).toBe(two)
  expect(then.named('t/x#3')).toBeUndefined()
  expect(codeOf(() => now.only({ 't/x#4': two!.hash }))).toBe('varve.error/procedure-unknown')
  expect(codeOf(() => now.only({ 't/x#1': two!.hash }))).toBe('varve.error/procedure-unknown')
})

it('one version with two contents is a conflict', () => {
  const other = defineProcedure({ ...GIVEN, source: '() => 2' })
  expect(codeOf(() => new ProcedureSet([defineProcedure(GIVEN), other]))).toBe('varve.error/procedure-twice')
})
