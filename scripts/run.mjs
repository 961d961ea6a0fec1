// Every npm script of a checkout goes through here: install what is missing, then run the command on the right Node.
// Plain JavaScript for Node 18 and later, so that a fresh clone needs git, npm and any Node, nothing else.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installMissing } from './install.mjs'
import { environmentForSource, nodeForSource, noNodeMessage } from './toolchain.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'scripts/vitest.config.ts']

const commands = {
  start: (args) => run(['bin/varve.mjs', 'dev', ...args]),
  varve: (args) => run(['bin/varve.mjs', ...args]),
  check: (args) => run(['scripts/check/main.ts', ...args]),
  unit: (args) => run([...vitest, '--project', 'unit', ...args]),
  test: (args) => (args.length > 0 ? run([...vitest, ...args]) : testAll()),
  format: (args) => run(['node_modules/oxfmt/bin/oxfmt', ...(args.length > 0 ? args : ['.'])]),
  bench: (args) => runOneOf('bench', args),
  judge: (args) =>
    args[0] === '--traces'
      ? run(['test/judges/collector/run.ts'])
      : run(['test/judges/datomic/run.ts', ...args]),
  torture: (args) => run(['test/torture/main.ts', ...args]),
  fuzz: (args) => run(['test/fuzz/main.ts', ...args]),
  prepack: () => run(['scripts/package/prepack.ts']),
  postpack: () => run(['scripts/package/postpack.ts']),
}

let isInterrupted = false
await main(process.argv.slice(2))

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (command === undefined) {
    fail(
      `there is no script ${name ?? ''}. What to do: npm run check, or one of ${Object.keys(commands).join(', ')}`,
      2,
    )
    return
  }
  // A terminal sends Ctrl-C to the child as well: it decides when to end, this process only waits for it.
  process.on('SIGINT', () => (isInterrupted = true))
  try {
    await installMissing(root)
  } catch (error) {
    fail(error.message, 1)
    return
  }
  process.exitCode = await command(args)
}

/** One process of the toolchain's Node in the checkout; its exit code, 128 and the signal's number when killed. */
function run(args) {
  const node = nodeForSource(root)
  if (node === undefined) return fail(noNodeMessage(), 1)
  if (!existsSync(join(root, args[0]))) {
    return fail(`${args[0]} does not exist yet. What to do: see "Not yet" in ARCHITECTURE.md`, 1)
  }
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env: environmentForSource(root) })
  const forward = (signal) => child.kill(signal)
  process.on('SIGTERM', forward)
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(fail(`${node} could not be started: ${error.message}`, 1)))
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

/** `npm run bench -- NAME` runs bench/NAME.ts. */
function runOneOf(folder, [name, ...args]) {
  const names = existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((file) => /^[a-z-]+\.ts$/.test(file) && file !== 'harness.ts')
        .map((file) => file.slice(0, -3))
    : []
  if (name !== undefined && names.includes(name)) return run([`${folder}/${name}.ts`, ...args])
  return fail(
    `give one name: npm run ${folder} -- NAME, where NAME is ${names.join(', ') || '(none exists yet)'}`,
    2,
  )
}

// All of it, always to the end, so that one run shows everything that is wrong.
async function testAll() {
  const stages = [
    { name: 'check', run: () => countOne(() => run(['scripts/check/main.ts'])) },
    { name: 'unit tests', run: () => countTests('unit') },
    { name: 'suites', run: () => countTests('suites') },
  ]
  const results = []
  for (const stage of stages) {
    if (isInterrupted) break
    process.stdout.write(`\n── ${stage.name} ${'─'.repeat(Math.max(3, 70 - stage.name.length))}\n`)
    const startMs = Date.now()
    results.push({ name: stage.name, ...(await stage.run()), seconds: (Date.now() - startMs) / 1000 })
  }
  return summarise(results, results.length === stages.length)
}

async function countOne(work) {
  const code = await work()
  return {
    passed: code === 0 ? 1 : 0,
    failed: code === 0 ? 0 : 1,
    skipped: 0,
    names: code === 0 ? [] : ['told above'],
  }
}

async function countTests(project) {
  const reports = join(root, 'node_modules', '.cache', 'varve')
  const reportPath = join(reports, `${project}.json`)
  mkdirSync(reports, { recursive: true })
  rmSync(reportPath, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`]
  const code = await run([...vitest, '--project', project, ...reporters])
  const report = readReport(reportPath)
  const failed = report.numFailedTests + report.failedFiles.length
  const names = [...report.failedFiles, ...report.failedTests]
  // An error outside of any test, a crash, or a run of nothing: no test says so, the exit code does.
  const isSilent = failed === 0 && (code !== 0 || report.numPassedTests === 0)
  if (isSilent) names.push(code === 0 ? 'no test ran' : `ended with ${code} outside of any test`)
  return {
    passed: report.numPassedTests,
    failed: isSilent ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    names,
    skippedNames: report.skippedTests,
  }
}

function readReport(path) {
  const empty = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : empty
  const pathOf = (file) => relative(root, file.name).replaceAll('\\', '/')
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults.map((test) => ({
      status: test.status,
      name: `${pathOf(file)} › ${test.fullName}`,
    })),
  )
  const named = (status) => tests.filter((test) => status.includes(test.status)).map(({ name }) => name)
  return {
    ...empty,
    ...report,
    failedTests: named(['failed']),
    skippedTests: named(['pending', 'skipped', 'todo']),
    // A file that cannot even be loaded fails without a test of its own.
    failedFiles: report.testResults
      .filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
      .map((file) => `${pathOf(file)} (could not be loaded)`),
  }
}

/** The table of stages, then one closing line that a machine can read. */
function summarise(results, isComplete) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  const lines = ['', '── summary ' + '─'.repeat(63)]
  for (const { name, passed, failed, skipped, seconds, names, skippedNames = [] } of results) {
    const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`
    lines.push(`${failed === 0 ? '✓' : '✗'} ${name.padEnd(12)} ${counts.padEnd(42)} ${seconds.toFixed(1)} s`)
    for (const failure of names.slice(0, 20)) lines.push(`    failed: ${failure}`)
    for (const test of skippedNames.slice(0, 20)) lines.push(`    skipped: ${test}`)
  }
  if (!isComplete) lines.push('✗ interrupted before the end')
  lines.push('', `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
  process.stdout.write(lines.join('\n') + '\n')
  return sum('failed') === 0 && isComplete ? 0 : 1
}

function fail(message, code) {
  process.stderr.write(`varve: ${message}\n`)
  process.exitCode = code
  return code
}
