// The long run: a thousand seeds of the simulation, then every scenario in its full size, whose figures become docs/reliability.md.
// A file that fails, or hangs, ends the run with a failure, and the others run all the same.
// SCENARIO_SCALE=0.1 gives a tenth of the sizes, and leaves the document alone. `npm run test:full -- kills links`: only files of such names.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { currentCommit, reliabilityPage } from './reliability-page.mjs'

const scale = Number(process.env.SCENARIO_SCALE ?? 1)
const wanted = process.argv.slice(2)
const mostFileMs = 20 * 60_000
const dir = mkdtempSync(join(tmpdir(), 'overpost-full-'))
const figures = join(dir, 'figures.jsonl')
const startedAtMs = Date.now()
const commit = currentCommit()

/** The compiled test files with scenarios in them. */
function scenarioFiles() {
  return ['crash', 'scenarios']
    .flatMap((folder) => readdirSync(`test/${folder}`).map((name) => `${folder}/${name}`))
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => readFileSync(`test/${name}`, 'utf8').includes('support/scenario.ts'))
    .map((name) => `test/dist/${name.replace(/\.ts$/, '.js')}`)
}

function mocha(file, env) {
  const args = ['node_modules/mocha/bin/mocha.js', '--no-config', '--require', 'tools/mocha-hooks.mjs', file]
  // The networks that a test started end with it.
  const options = { stdio: 'inherit', env: { ...process.env, ...env }, timeout: mostFileMs, killSignal: 'SIGKILL' }
  return spawnSync(process.execPath, args, options).status === 0
}

function recordsSoFar() {
  return readFileSync(figures, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const simulation = 'test/dist/simulation/chaos.test.js'
const files = [simulation, ...scenarioFiles()].filter(
  (file) => wanted.length === 0 || wanted.some((name) => file.includes(name)),
)
const outcomes = []
writeFileSync(figures, '')
for (const file of files) {
  const before = recordsSoFar().length
  const fileStartedAtMs = Date.now()
  console.log(`test:full: ${outcomes.length + 1} of ${files.length}, after ${minutes(fileStartedAtMs)} min: ${file}`)
  const hasPassed = mocha(
    file,
    file === simulation
      ? { SEEDS: String(Math.ceil(1000 * scale)) }
      : { SCENARIO_SCALE: String(scale), SCENARIO_FIGURES: figures },
  )
  const records = recordsSoFar().slice(before)
  const sum = (name) => records.reduce((total, { counts }) => total + (counts[name] ?? 0), 0)
  const seconds = Math.round((Date.now() - fileStartedAtMs) / 1000)
  outcomes.push({ file, hasPassed, seconds, messages: sum('messages'), kills: sum('kills') })
}
function minutes(atMs) {
  return ((atMs - startedAtMs) / 60_000).toFixed(1)
}

const endedAtMs = Date.now()
const failed = outcomes.filter(({ hasPassed }) => !hasPassed).map(({ file }) => file)
const page = reliabilityPage(recordsSoFar(), { startedAtMs, endedAtMs, scale, commit, failed })
if (scale === 1 && wanted.length === 0) writeFileSync('docs/reliability.md', page)
else console.log(page)
rmSync(dir, { recursive: true })
console.table(outcomes)
console.log(`test:full: ${minutes(endedAtMs)} min, ${failed.length} of ${files.length} files failed`)
process.exit(failed.length === 0 ? 0 : 1)
