// Sets up a fresh clone: checks the machine, installs with the pinned pnpm, builds. Run again it does nothing it need not.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const quiet = process.argv.includes('--quiet')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

checkNode()
install()
build()

function say(text) {
  if (!quiet) process.stderr.write(`setup: ${text}\n`)
}

function fail(text) {
  process.stderr.write(`setup: ${text}\n`)
  process.exit(1)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: Overpost needs Node 20.19 or newer (https://nodejs.org).`)
  }
}

/** Installs when the lock file or a manifest differs from what was installed last. */
function install() {
  const stampFile = join(root, 'node_modules', '.overpost-setup')
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(readFileSync(join(root, 'pnpm-workspace.yaml')))
    .update(`${process.version} ${process.arch}`)
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  // Said even when quiet: else a first run of a minute looks stuck.
  process.stderr.write(`setup: installing with ${manifest.packageManager} (a minute or two the first time)\n`)
  run('npx', ['--yes', manifest.packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'], () =>
    existsSync(join(root, 'node_modules', '.bin', 'tsc')) || missingTools().length === 0
      ? 'the install failed: see above'
      : `the install failed, and no prebuilt better-sqlite3 fits this machine without: ${missingTools().join(', ')}. ` +
        'Install python3, make and a C++ compiler (Debian: apt-get install python3 make g++), then try again.',
  )
  checkNative()
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, stamp)
}

/** The native addons must load, not merely be there. */
function checkNative() {
  for (const [name, at] of [
    ['better-sqlite3', 'packages/store'],
    // Its main file would fall back to slow JavaScript in silence.
    ['secp256k1/bindings.js', 'packages/auth'],
  ]) {
    const loads = spawnSync(
      process.execPath,
      ['-e', `const m = require('${name}'); if (m.name === 'Database') new m(':memory:')`],
      {
        cwd: join(root, at),
        encoding: 'utf8',
      },
    )
    if (loads.status === 0) continue
    const missing = missingTools()
    fail(
      `${name} does not load on this machine (Node ${process.versions.node}, ${process.platform} ${process.arch}).\n` +
        (missing.length > 0
          ? `No prebuilt addon fits and it cannot be compiled: ${missing.join(', ')} not found (Debian: apt-get install python3 make g++).`
          : loads.stderr.slice(0, 2000)),
    )
  }
}

function missingTools() {
  return ['python3', 'make', 'g++'].filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0)
}

function build() {
  say('building')
  run(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'],
    () => 'the build failed: see above',
  )
}

/** Runs a step with its output on standard error, so that standard output stays the caller's own. */
function run(command, args, explain) {
  try {
    execFileSync(command, args, {
      cwd: root,
      stdio: ['ignore', quiet ? 'pipe' : 2, 2],
      env: { ...process.env, npm_config_yes: 'true' },
    })
  } catch (error) {
    if (quiet && error.stdout) process.stderr.write(error.stdout)
    fail(explain())
  }
}
