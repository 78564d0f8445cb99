// The long run: a thousand seeds of the simulation, then every scenario in its full size, whose figures become docs/reliability.md.
// SCENARIO_SCALE=0.1 gives a tenth of the sizes, and leaves the document alone.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { currentCommit, reliabilityPage } from './reliability-page.mjs'

const scale = Number(process.env.SCENARIO_SCALE ?? 1)
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

function mocha(files, env) {
  const args = ['node_modules/mocha/bin/mocha.js', '--no-config', '--require', 'tools/mocha-hooks.mjs', ...files]
  return spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0
}

const runs = [
  { files: ['test/dist/simulation/chaos.test.js'], env: { SEEDS: String(Math.ceil(1000 * scale)) } },
  ...scenarioFiles().map((file) => ({
    files: [file],
    env: { SCENARIO_SCALE: String(scale), SCENARIO_FIGURES: figures },
  })),
]
const failed = []
writeFileSync(figures, '')
for (const [index, { files, env }] of runs.entries()) {
  const minutes = ((Date.now() - startedAtMs) / 60_000).toFixed(1)
  console.log(`test:full: ${index + 1} of ${runs.length}, after ${minutes} min: ${files.join(' ')}`)
  if (!mocha(files, env)) failed.push(...files)
}

const records = readFileSync(figures, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line))
const page = reliabilityPage(records, { startedAtMs, endedAtMs: Date.now(), scale, commit })
if (scale === 1) writeFileSync('docs/reliability.md', page)
else console.log(page)
rmSync(dir, { recursive: true })
for (const file of failed) console.error(`test:full: FAILED: ${file}`)
process.exit(failed.length === 0 ? 0 : 1)
