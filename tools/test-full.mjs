// The long runs: a thousand seeds of the simulation, and the kills of hosts five times over with other seeds.
import { spawnSync } from 'node:child_process'

const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--require', 'tools/mocha-hooks.mjs']
const runs = [
  { files: ['test/dist/simulation/chaos.test.js'], env: { SEEDS: '1000' } },
  ...[1, 2, 3, 4, 5].map((seed) => ({ files: ['test/dist/crash/kill-hosts.test.js'], env: { SEED: String(seed) } })),
]
for (const { files, env } of runs) {
  console.log(`test:full: ${files.join(' ')} ${JSON.stringify(env)}`)
  const { status } = spawnSync(process.execPath, [...mocha, ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (status !== 0) process.exit(status ?? 1)
}
