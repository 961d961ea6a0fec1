// QuickJS, compiled to WebAssembly, with one realm in which all procedures of a thread run (prelude.ts makes it safe to
// share). Its memory is an own one with an end: the engine's limit of memory does not bound what the machine takes. Its
// stack is small enough that neither a deep source nor a deep recursion reaches the end of this thread's.

import release from '@jitl/quickjs-wasmfile-release-sync'
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core'
import { type Place, VarveError } from '../../base/errors.ts'
import { Recent } from '../../base/recent.ts'
import { procedureFailed, procedureOutOfMemory, procedureSourceInvalid } from '../../procedures/errors.ts'
import { pinnedName, type Procedure } from '../../procedures/procedure.ts'
import { Broken } from './broken.ts'
import { preludeSource } from './prelude.ts'
import { scriptOf } from './script.ts'

// Its types are those of its other form, for CommonJS.
const variant = release as unknown as QuickJSSyncVariant

/** Of the browsers' library, which is not Node's: no more than is used here. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    grow: (pageCount: number) => number
  }
}

const PAGE_BYTES = 65_536
/** What the compiled engine begins with. */
const MEMORY_BYTES_START = 16 << 20
const STACK_BYTES_MAX = 128 << 10
const COMPILED_COUNT_MAX = 256

export type SandboxDoors = {
  /** Where true, whatever runs is stopped. */
  readonly isCancelled: () => boolean
  /** Answers what a transaction procedure asks of the database. */
  readonly ask: (question: string) => string
}

export class Sandbox {
  readonly #memory: BoundMemory
  readonly #context: QuickJSContext
  readonly #run: QuickJSHandle
  readonly #compiled = new Recent<string, QuickJSHandle>(COMPILED_COUNT_MAX)

  private constructor(context: QuickJSContext, run: QuickJSHandle, memory: BoundMemory) {
    this.#context = context
    this.#run = run
    this.#memory = memory
  }

  static async open(memoryBytesMax: number, { isCancelled, ask }: SandboxDoors): Promise<Sandbox> {
    const memory = new BoundMemory(memoryBytesMax)
    const { wasmMemory } = memory
    const module = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory }))
    const runtime = module.newRuntime({ interruptHandler: isCancelled, maxStackSizeBytes: STACK_BYTES_MAX })
    const context = runtime.newContext()
    using door = context.newFunction('ask', (question) => context.newString(ask(context.getString(question))))
    context.setProp(context.global, 'ask', door)
    const run = context.unwrapResult(context.evalCode(preludeSource(), 'prelude.js'))
    return new Sandbox(context, run, memory)
  }

  /** Reads the source of a procedure, if nobody did before. Throws `varve.error/procedure-source-invalid`. */
  compile(procedure: Procedure): void {
    if (this.#compiled.get(procedure.hash) !== undefined) return
    const { balanced, script } = scriptOf(procedure)
    // The first is only read, to prove that the text is one expression, in whatever brackets it stands.
    this.#evaluated(procedure, balanced).dispose()
    this.#compiled.set(procedure.hash, this.#evaluated(procedure, script))
  }

  /** Results of a compiled procedure, for each row of arguments. */
  run(procedure: Procedure, rows: string): string {
    const context = this.#context
    const make = this.#compiled.get(procedure.hash)!
    return this.#guarded(procedure, () => {
      using given = context.newString(rows)
      using kind = context.newString(procedure.kind)
      using result = context.callFunction(this.#run, context.undefined, make, given, kind)
      // Also where it caught that: how much there is depends on what ran before, and must not show.
      if (this.#memory.hasEnded) throw this.#outOfMemory(procedure)
      if (result.error === undefined) return context.getString(result.value)
      throw this.#failure(procedure, result.error)
    })
  }

  #evaluated(procedure: Procedure, script: string): QuickJSHandle {
    return this.#guarded(procedure, () => {
      const result = this.#context.evalCode(script, pinnedName(procedure), { strict: true })
      if (result.error === undefined) return result.value
      const { name, message, place } = this.#told(procedure, result.error)
      result.error.dispose()
      throw procedureSourceInvalid(procedure, `${name}: ${message}`, place)
    })
  }

  /** Whatever is thrown that is no error of ours came from the machine itself, which is of no use then. */
  #guarded<X>(procedure: Procedure, work: () => X): X {
    try {
      return work()
    } catch (error) {
      if (error instanceof Broken || error instanceof VarveError) throw error
      const message = error instanceof Error ? error.message : String(error)
      throw new Broken(procedureFailed(procedure, `the sandbox broke: ${message}`, undefined))
    }
  }

  #failure(procedure: Procedure, thrown: QuickJSHandle): VarveError | Broken {
    const { name, message, place } = this.#told(procedure, thrown)
    if (name === 'InternalError' && message === 'out of memory') return this.#outOfMemory(procedure)
    const isPlain = name === '' || name === 'Error'
    return procedureFailed(procedure, isPlain ? message : `${name}: ${message}`, place)
  }

  #outOfMemory(procedure: Procedure): Broken {
    return new Broken(procedureOutOfMemory(procedure, this.#memory.bytesMax))
  }

  /** What was thrown, read property by property: any of them may be made to throw again. */
  #told(procedure: Procedure, thrown: QuickJSHandle): Told {
    const { typeof: typeOf } = this.#context
    if (typeOf.call(this.#context, thrown) !== 'object')
      return { name: '', message: this.#text(thrown), place: undefined }
    return {
      name: this.#member(thrown, 'name'),
      message: this.#member(thrown, 'message') || 'something was thrown that tells nothing',
      place: placeIn(procedure, this.#member(thrown, 'stack')),
    }
  }

  #member(object: QuickJSHandle, key: string): string {
    try {
      using value = this.#context.getProp(object, key)
      return this.#text(value)
    } catch {
      return ''
    }
  }

  #text(value: QuickJSHandle): string {
    const type = this.#context.typeof(value)
    if (type === 'string') return this.#context.getString(value).slice(0, MESSAGE_LENGTH_MAX)
    return type === 'undefined' ? '' : String(type === 'number' ? this.#context.getNumber(value) : type)
  }
}

/** Memory with an end, which remembers that somebody came to it. */
class BoundMemory {
  readonly bytesMax: number
  readonly wasmMemory: InstanceType<typeof WebAssembly.Memory>
  hasEnded = false

  constructor(bytesMax: number) {
    this.bytesMax = Math.max(MEMORY_BYTES_START, bytesMax)
    const memory = new WebAssembly.Memory({
      initial: MEMORY_BYTES_START / PAGE_BYTES,
      maximum: this.bytesMax / PAGE_BYTES,
    })
    const grow = memory.grow.bind(memory)
    // Whoever grows it tries with room to spare first, so that only the last try tells.
    memory.grow = (pageCount) => {
      this.hasEnded = true
      const before = grow(pageCount)
      this.hasEnded = false
      return before
    }
    this.wasmMemory = memory
  }
}

const MESSAGE_LENGTH_MAX = 500

type Told = { readonly name: string; readonly message: string; readonly place: Place | undefined }

/** The topmost place of a stack that stands in the source itself: it begins on the script's second line. */
function placeIn(procedure: Procedure, stack: string): Place | undefined {
  const source = pinnedName(procedure)
  for (const line of stack.split('\n')) {
    const [, file, row, column] = /(?:^|[\s(])([^\s(]+):(\d+):(\d+)\)?$/.exec(line) ?? []
    if (file === source) return { source, line: Math.max(1, Number(row) - 1), column: Number(column) }
  }
  return undefined
}
