// Writes docs/reliability.md from the records of test/support/scenario.ts.
import { execFileSync } from 'node:child_process'
import { arch, cpus, release, totalmem, type } from 'node:os'

const columns = ['messages', 'kills', 'lost', 'doubled', 'forged', 'leaked', 'returned', 'resent']
const faults = ['lost', 'doubled', 'forged', 'leaked']

/** The page. `records`: one per scenario that ran, in any order; `failed`: the files with a test in them that failed. */
export function reliabilityPage(records, { startedAtMs, endedAtMs, scale, commit, failed }) {
  const sorted = [...records].sort((one, other) => one.number - other.number)
  const total = (name) => sorted.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0)
  const minutes = ((endedAtMs - startedAtMs) / 60_000).toFixed(1)
  const passed = sorted.filter(({ outcome }) => outcome === 'passed').length
  return `# Reliability

Written by \`npm run test:full\`: do not edit. The scenarios are those of the federation tests: each is a named test in \`test/crash\` or
\`test/scenarios\`, with real processes, real SQLite files, real sockets and a proxy that breaks them; \`npm test\` runs the same in small.

- ${new Date(startedAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC, ${minutes} minutes, ${scale} of the full size
- commit ${commit}
- ${cpus().length} cores (${cpus()[0]?.model.trim() ?? arch()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.versions.node}
- **${total('messages')} messages, ${total('kills')} kills: ${faults.map((name) => `${total(name)} ${name}`).join(', ')}**; ${passed} of ${sorted.length} passed${failed.map((file) => `; **failed: ${file}**`).join('')}

*Lost*: accepted, and neither delivered nor returned to its sender. *Doubled*: a copy too many, or delivered and returned. *Forged*: read, and
not what a sender sent. *Leaked*: read by a key that it was not for. Each must be 0. *Resent*: a stock client sent again after the
acknowledgement, which nothing can tell from a new message; it is stored again, and counted apart.

| | Scenario | Seconds | ${columns.map(capital).join(' | ')} |
|--:|---|--:|${columns.map(() => '--:').join('|')}|
${sorted.map(row).join('\n')}
| | Together | | ${columns.map((name) => String(total(name))).join(' | ')} |

## Figures

${sorted.map(section).join('\n')}
`
}

function row({ number, title, outcome, seconds, counts }) {
  const cells = columns.map((name) => (counts[name] === undefined ? '' : String(counts[name])))
  return `| ${number} | ${title}${outcome === 'passed' ? '' : ` **(${outcome})**`} | ${seconds} | ${cells.join(' | ')} |`
}

function section({ number, title, figures }) {
  return [`- **${number}, ${title}**`, ...figures.map((figure) => `  - ${figure}`)].join('\n')
}

function capital(word) {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

/** What is checked out now. */
export function currentCommit() {
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ', with changes'}`
}

function git(...args) {
  try {
    return execFileSync('git', args, { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
