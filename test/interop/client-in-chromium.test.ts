import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { newPerson } from '../support/person.ts'
import { report } from '../support/report.ts'
import { TestNetwork } from '../support/test-network.ts'
import type { Conversation, Conversed } from './browser-program.ts'
import { findChromium } from './chromium.ts'

const run = promisify(execFile)
const driver = fileURLToPath(new URL('../../interop/browser/drive-page.mjs', import.meta.url))
const program = fileURLToPath(new URL('./browser-program.js', import.meta.url))

describe('the client in a real browser', function () {
  this.timeout(120_000)

  let executable: string
  let network: TestNetwork | undefined
  before(async function () {
    const found = findChromium()
    if (found === null) {
      report('!!! SKIPPED: chromium is not here. Nothing was shown about our client in browsers. !!!')
      this.skip()
    }
    executable = found
    network = await TestNetwork.start({ hosts: 2 })
  })
  after(() => network?.[Symbol.asyncDispose]())

  it('sends, follows live, lists and acknowledges, from host to host', async () => {
    const [alice, bob] = [newPerson(), newPerson()]
    await network!.authorize(bob, 'B')
    const bodies = ['hello from a page', 'ü, 界, "quoted"']
    const conversation: Conversation = {
      sender: { privateKey: alice.privateKey, host: network!.host('A').url },
      reader: { privateKey: bob.privateKey, host: network!.host('B').url },
      bodies,
    }
    const { stdout } = await run(process.execPath, [driver, executable, program, JSON.stringify(conversation)], {
      timeout: 90_000,
    })
    const { conversed, sockets } = JSON.parse(stdout) as { conversed: Conversed; sockets: string[] }
    expect(conversed).to.deep.equal({
      followed: bodies.map((body) => ({ body, verified: true, secrecy: 'opened' })),
      listed: bodies,
      acknowledged: 2,
      left: 0,
      refused: 'ERR_INVALID_CURSOR',
    } satisfies Conversed)
    expect(sockets).to.deep.equal([`${network!.host('B').url.replace('http', 'ws')}/live`])
  })
})
