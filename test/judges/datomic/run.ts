// Puts cases to the real Datomic. It needs Java and Maven; the peer is fetched by Maven on first use and cached outside
// the tree.
//
//   npm run judge                       all of test/cases, then 2,000 random questions and 300 random histories
//   npm run judge -- FILE…              case files
//   npm run judge -- --generated        the random ones alone; --seed N draws others, --questions N and --histories N
//                                       say how many, --keep FILE keeps the cases
//   npm run judge -- --page             asks nobody: writes the compatibility page from what the cases record

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generatedCases } from './generated.ts'
import { datomicPage, PAGE_PATH } from './page.ts'

const here = import.meta.dirname
const root = join(here, '../../..')
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'varve-datomic-judge')
const classpathFile = join(cache, 'classpath')

function classpath(): string {
  if (!existsSync(classpathFile)) {
    mkdirSync(cache, { recursive: true })
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath'
    const args = ['-q', '-B', '-f', join(here, 'pom.xml'), goal, `-Dmdep.outputFile=${classpathFile}`]
    console.error('Fetching the Datomic peer, about 15 seconds …')
    execFileSync('mvn', args, { stdio: ['ignore', 2, 2] })
  }
  return readFileSync(classpathFile, 'utf8').trim()
}

/** Its exit code: 0 where Datomic says what the cases say. */
function judge(files: readonly string[]): number {
  const command = ['-Xmx2g', '-cp', classpath(), 'clojure.main', join(here, 'judge.clj'), ...files]
  return spawnSync('java', command, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
}

async function judgeGenerated(): Promise<number> {
  const [seed, questionCount, historyCount] = [values.seed, values.questions, values.histories].map(Number)
  const options = { seed: seed!, questionCount: questionCount!, historyCount: historyCount! }
  const { questions, histories } = await generatedCases(options)
  console.log(
    `seed ${seed}: ${questions.length} questions, ${historyCount} histories in ${histories.length} cases`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'varve-judge-'))
  try {
    const file = values.keep ?? join(folder, 'generated.edn')
    writeFileSync(file, [...questions, ...histories].join('\n'))
    return judge([file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    page: { type: 'boolean' },
    generated: { type: 'boolean' },
    seed: { type: 'string', default: '1' },
    questions: { type: 'string', default: '2000' },
    histories: { type: 'string', default: '300' },
    keep: { type: 'string' },
  },
})

if (values.page) writeFileSync(join(root, PAGE_PATH), datomicPage(root))
else if (positionals.length > 0) process.exit(judge(positionals))
else {
  const ofCases = values.generated ? 0 : judge(globSync(join(root, 'test/cases/**/*.edn')).sort())
  process.exit(Math.max(ofCases, await judgeGenerated()))
}
