// Installs what a checkout lacks, and only then. The stamp is the lockfile that npm itself leaves in node_modules
// as its last step: an installation that was interrupted, or that is older than package-lock.json, has no equal one.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAtLeast, OLDEST_NODE, PLATFORM_PACKAGES, toolchainNode } from './toolchain.mjs'

const PROGRESS_MS = 5_000

/** Runs `npm ci` unless node_modules holds what package-lock.json asks for. Throws with a reason when npm fails. */
export async function installMissing(root) {
  const reason = whatIsMissing(root)
  if (reason === undefined) return
  const startMs = Date.now()
  const say = (text) => process.stderr.write(`varve: ${text}\n`)
  const seconds = () => `${Math.round((Date.now() - startMs) / 1000)} s`
  say(`installing once, because ${reason} (about 130 MB from the npm registry) …`)
  const progress = setInterval(() => say(`installing … ${seconds()}`), PROGRESS_MS)
  try {
    await npmCi(root)
  } finally {
    clearInterval(progress)
  }
  say(`installed in ${seconds()}`)
}

/** Why an installation is needed, as half a sentence; undefined when none is. */
export function whatIsMissing(root, platform = `${process.platform}-${process.arch}`) {
  const installedPath = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedPath)) return 'nothing is installed yet'
  const wanted = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(installedPath)
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue
    const found = installed[path]
    if (found === undefined && isExpected(path, entry)) return `${nameOf(path)} is missing`
    if (found !== undefined && (found.version !== entry.version || found.integrity !== entry.integrity)) {
      return `${nameOf(path)} should be ${entry.version}`
    }
  }
  const isOwnNodeEnough = isAtLeast(process.version, OLDEST_NODE)
  if (
    !isOwnNodeEnough &&
    PLATFORM_PACKAGES[platform] !== undefined &&
    toolchainNode(root, platform) === undefined
  ) {
    return 'the Node that Varve is developed on is missing'
  }
  return undefined
}

// Optional packages are for other platforms, or could not be had: npm leaves them out and so the stamp has none.
function isExpected(path, entry) {
  return path.startsWith('node_modules/') && !entry.optional && !entry.devOptional && !entry.peer
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {}
  } catch {
    return {}
  }
}

function npmCi(root) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  // Under npm, the same npm on the Node that it was started with: never on the one that is about to be replaced.
  const npmScript = process.env.npm_execpath
  const isUnderNpm = npmScript !== undefined && /npm-cli\.c?js$/.test(npmScript)
  const command = isUnderNpm ? (process.env.npm_node_execpath ?? process.execPath) : 'npm'
  const child = spawn(command, isUnderNpm ? [npmScript, ...args] : args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: !isUnderNpm && process.platform === 'win32',
  })
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`npm could not be started: ${error.message}`)))
    child.on('exit', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new Error(
            `npm ci ended with ${code}. What to do: look at npm's own words above; is the registry reachable?`,
          ),
        )
    })
  })
}
