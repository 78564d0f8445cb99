import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IdentityWallet } from '@overpost/auth'
import { expect } from 'chai'
import { allCommands } from './commands/all-commands.ts'
import { runProgram } from './testing/run-program.ts'
import { tempDir } from './testing/temp-dir.ts'

describe('overpost', () => {
  let dir: ReturnType<typeof tempDir>
  beforeEach(() => {
    dir = tempDir()
  })
  afterEach(() => dir.remove())

  it('prints its help, which names every command, to standard output', async () => {
    const { code, out, err } = await runProgram(['--help'])
    expect({ code, err }).to.deep.equal({ code: 0, err: '' })
    for (const { name, summary } of allCommands) expect(out).to.include(name).and.include(summary)
    expect(out).to.include('exit codes:')
  })

  for (const command of allCommands) {
    it(`prints the help of ${command.name}, with every option of its table`, async () => {
      const { code, out, err } = await runProgram([...command.name.split(' '), '--help'])
      expect({ code, err }).to.deep.equal({ code: 0, err: '' })
      const options = 'options' in command ? Object.keys(command.options) : ['config']
      for (const option of options) expect(out).to.include(`--${option}`)
    })
  }

  const key = { OVERPOST_KEY: '/nowhere/key' }
  const wrong: { argv: string[]; says: RegExp; env?: Record<string, string> }[] = [
    { argv: [], says: /usage: overpost COMMAND/ },
    { argv: ['nonsense'], says: /there is no command "nonsense"/ },
    { argv: ['host'], says: /did you mean host start\?/ },
    { argv: ['network', 'stop'], says: /"stop" is one word too many/ },
    { argv: ['network', '--nonsense'], says: /Unknown option '--nonsense'/ },
    { argv: ['network', '--hosts', 'two'], says: /--hosts must be a whole number, not "two"/ },
    { argv: ['network', '--hosts'], says: /--hosts/ },
    { argv: ['network', '--json=yes'], says: /--json/ },
    { argv: ['network', 'restart', 'A'], says: /--dir is missing \(or set OVERPOST_DIR\)/ },
    { argv: ['keygen'], says: /--out or --print is wanted/ },
    { argv: ['send', 'hi'], says: /--host is missing \(or set OVERPOST_HOST\)/ },
    {
      argv: ['send', 'hi', '--host', 'relay.example', '--to', `02${'ab'.repeat(32)}`],
      env: key,
      says: /must be an origin/,
    },
    {
      argv: ['send', 'hi', '--host', 'https://relay.example', '--to', 'bob'],
      env: key,
      says: /--to must be a public key/,
    },
    { argv: ['send', ' ', '--host', 'https://relay.example', '--to', 'bob'], env: key, says: /must not be blank/ },
    { argv: ['list', '--host', 'https://relay.example'], env: key, says: /key file \/nowhere\/key cannot be read/ },
    { argv: ['lookup', `02${'ab'.repeat(32)}`], says: /--overlay is missing/ },
    { argv: ['ack', '--host', 'https://relay.example'], env: key, says: /--sender and ID are wanted, or --all/ },
    { argv: ['withdraw', '--host', 'https://relay.example'], env: key, says: /KEY\|ALL/ },
    { argv: ['withdraw', 'all', '--host', 'https://relay.example'], env: key, says: /KEY must be a public key/ },
    { argv: ['receipt', 'verify'], says: /FILE is missing/ },
    { argv: ['receipt', 'verify', '/nowhere/receipt'], says: /cannot be read/ },
    { argv: ['host', 'start', '--nonsense', '1'], says: /--nonsense/ },
  ]
  for (const { argv, says, env = {} } of wrong) {
    it(`ends with 2 and says what is wrong: overpost ${argv.join(' ')}`, async () => {
      const { code, out, err } = await runProgram(argv, env)
      expect({ code, out }).to.deep.equal({ code: 2, out: '' })
      expect(err).to.match(says)
    })
  }

  it('makes a key that only its owner can read, and never prints it unasked', async () => {
    const path = join(dir.path, 'me.key')
    const { code, out } = await runProgram(['keygen', '--out', path, '--json'])
    const privateKey = readFileSync(path, 'utf8').trim()
    expect(code).to.equal(0)
    expect(JSON.parse(out)).to.deep.equal({ identityKey: new IdentityWallet(privateKey).identityKey, keyFile: path })
    expect(out).to.not.include(privateKey)
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).to.equal(0o600)

    const again = await runProgram(['keygen', '--out', path])
    expect(again.code).to.equal(2)
    expect(again.err).to.include('it is there already')
    expect(readFileSync(path, 'utf8').trim()).to.equal(privateKey)
  })

  it('prints the private key when told to, and then writes none', async () => {
    const { out } = await runProgram(['keygen', '--print', '--json'])
    const { privateKey, identityKey } = JSON.parse(out) as Record<string, string>
    expect(new IdentityWallet(privateKey ?? '').identityKey).to.equal(identityKey)
  })

  it('warns of a key file that others can read', async function () {
    if (process.platform === 'win32') this.skip()
    const path = join(dir.path, 'open.key')
    writeFileSync(path, '11'.repeat(32), { mode: 0o644 })
    const { code, err } = await runProgram(['list', '--host', 'http://127.0.0.1:1', '--key-file', path])
    expect(err).to.include(`chmod 600 ${path}`).and.include('ERR_UNREACHABLE')
    expect(code).to.equal(3)
  })
})
