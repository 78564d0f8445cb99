import { expect } from 'chai'
import { runProgram } from '../testing/run-program.ts'

describe('overpost demo', function () {
  this.timeout(120_000)

  it('tells the story once, every step checked, and ends all that it started', async () => {
    const { code, out, err } = await runProgram(['demo', '--once'])
    expect({ code, err }).to.deep.equal({ code: 0, err: '' })
    expect(out).to.match(/Done: \d+ checks in [\d.]+ s, every one read back\.\n$/)
    const pids = [...out.matchAll(/ {2}pid (\d+) {2}/g)].map(([, pid]) => Number(pid))
    expect(pids).to.have.length(7) // chain, two nodes, three hosts, and B once more
    expect(pids.filter(isRunning)).to.deep.equal([])
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
