#!/usr/bin/env node
// The `varve` command. Plain JavaScript, so that a Node too old for the rest can still say what to do. In a checkout it
// runs the source, in the installed package what was built from it.

import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = [22, 18]

const isCheckout = existsSync(fileURLToPath(new URL('../src/cli/main.ts', import.meta.url)))
const [major, minor] = process.versions.node.split('.').map(Number)
const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])

if (isNewEnough) await runHere()
else if (!isCheckout || !(await runOnToolchain())) sayWhatToDo()

async function runHere() {
  // Parsing and compiling its modules is most of what a short command does: 0.46 s of processor time without what
  // an earlier run compiled, 0.18 s with it (2026-11-25).
  nodeModule.enableCompileCache?.()
  // Threads and processes that this one starts find it in their environment: 0.32 s for the thread that indexes, or 0.08.
  const cacheFolder = nodeModule.getCompileCacheDir?.()
  if (cacheFolder !== undefined) process.env.NODE_COMPILE_CACHE = cacheFolder
  const load = (path) =>
    import(new URL(isCheckout ? `../src/${path}.ts` : `../dist/${path}.js`, import.meta.url).href)
  const { main } = await load('cli/main')
  const { processTerminal } = await load('base/env-node-terminal')
  const { nodeEnv } = await load('base/env-node')
  const terminal = processTerminal()
  terminal.end(await main(terminal.words, { env: nodeEnv(), terminal }))
}

/** In a checkout the toolchain's own Node takes over; false where it is not installed. */
async function runOnToolchain() {
  const { toolchainNode } = await import('../scripts/toolchain.mjs')
  const node = toolchainNode(fileURLToPath(new URL('..', import.meta.url)))
  if (node === undefined) return false
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  process.exitCode = await new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', (code) => resolve(code ?? 1))
  })
  return true
}

function sayWhatToDo() {
  process.stderr.write(
    `varve: this is Node ${process.versions.node}; Varve needs ${OLDEST_NODE.join('.')} or later.\n` +
      `What to do: ${isCheckout ? 'run `npm start` once, which installs one' : 'install a current Node'}` +
      `${isCheckout ? '' : ' (https://nodejs.org), then run the command again'}.\n`,
  )
  process.exitCode = 1
}
