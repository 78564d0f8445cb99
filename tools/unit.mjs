// The tests, in two processes at once: those of packages and services, and those that run whole networks, which mostly wait. What the
// second prints comes as it happens, what the first prints when both have ended. `npx mocha` runs all of them in one process.
import { spawn } from 'node:child_process'

function mocha(roots, stdout) {
  const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js'], {
    stdio: ['inherit', stdout, 'inherit'],
    env: { ...process.env, TEST_ROOTS: roots },
  })
  const printed = []
  child.stdout?.on('data', (chunk) => printed.push(chunk))
  return new Promise((resolve) =>
    child.once('close', (code) => resolve({ roots, code, printed: Buffer.concat(printed) })),
  )
}

const runs = await Promise.all([mocha('packages services', 'pipe'), mocha('test', 'inherit')])
for (const { printed } of runs) process.stdout.write(printed)
const failed = runs.filter(({ code }) => code !== 0).map(({ roots }) => roots)
if (failed.length > 0) console.error(`Tests of ${failed.join(' and of ')} failed: see above.`)
process.exitCode = failed.length === 0 ? 0 : 1
