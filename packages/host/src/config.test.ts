import { readFile } from 'node:fs/promises'
import { loadConfig } from '@overpost/config'
import { expect } from 'chai'
import { hostConfigSchema } from './config.ts'
import { exampleHostConfig } from './run-host.ts'

const load = (argv: string[], file: object | string = {}) =>
  loadConfig(hostConfigSchema, {
    argv: ['--config', 'file', ...argv],
    env: {},
    readFile: () => (typeof file === 'string' ? file : JSON.stringify(file)),
    program: 'host',
    description: 'a host',
  })
const production = { publicUrl: 'https://relay.example', identityKeyFile: 'host.key' }

describe('the configuration of a host', () => {
  it('needs an address and a key, and has a value for everything else', () => {
    const outcome = load([], production)
    if (!('config' in outcome)) expect.fail(JSON.stringify(outcome))
    expect(outcome.config).to.deep.include({ ...production, development: false, open: true, memoryDays: 7 })
    expect(outcome.config.limits).to.deep.include({ bodyBytes: 1_572_864, batchMessages: 100, batchBytes: 1_048_576 })
    expect(outcome.config.outbox).to.deep.include({ lanes: 16, ageLimitMs: 5 * 86_400_000, callTimeoutMs: 30_000 })
  })

  it('is printed as an example that loads, and that operators find in deploy/', async () => {
    const example = exampleHostConfig()
    expect(await readFile(new URL('../../../deploy/host/config.example.json', import.meta.url), 'utf8')).to.equal(
      example,
    )
    const outcome = load([], example)
    expect(outcome).to.have.nested.property('config.publicUrl', 'https://relay.example')
  })

  it('takes addresses without TLS in development, and the one where it listens for its own', () => {
    const outcome = load(['--development', '--overlay-urls', 'http://127.0.0.1:1/,http://127.0.0.1:2'], {
      identityKey: '22'.repeat(32),
    })
    expect(outcome)
      .to.have.nested.property('config.overlay.urls')
      .that.deep.equals(['http://127.0.0.1:1', 'http://127.0.0.1:2'])
  })

  const faulty: [name: string, config: object, faults: RegExp[]][] = [
    ['nothing at all', {}, [/^publicUrl .*required/, /^identityKeyFile .*required/]],
    ['http outside development', { ...production, publicUrl: 'http://relay.example' }, [/^publicUrl .*https/]],
    ['a certificate without its key', { ...production, tls: { cert: 'a.pem' } }, [/^tls.key .*certificate/]],
    ['a key without its certificate', { ...production, tls: { key: 'a.pem' } }, [/^tls.cert .*certificate/]],
    ['an address with a path', { ...production, publicUrl: 'https://relay.example/a' }, [/^publicUrl .*origin/]],
    ['an address with a slash', { ...production, publicUrl: 'https://relay.example/' }, [/^publicUrl .*origin/]],
    ['two keys', { ...production, identityKey: '22'.repeat(32) }, [/^identityKeyFile .*not both/]],
    ['a key that is none', { publicUrl: 'https://a.example', identityKey: 'x' }, [/^identityKey .*64 hexadecimal/]],
    [
      'an overlay node twice',
      { ...production, overlay: { urls: ['https://a.example', 'https://a.example/'] } },
      [/twice/],
    ],
    [
      'an overlay node without TLS',
      { ...production, overlay: { urls: ['http://a.example'] } },
      [/^overlay.urls .*https/],
    ],
    [
      'an overlay node that is no address',
      { ...production, overlay: { urls: ['a.example'] } },
      [/^overlay.urls.*address/],
    ],
    [
      'trying for longer than others remember',
      { ...production, memoryDays: 5 },
      [/^outbox.ageLimitMs .*less than memoryDays/],
    ],
    [
      'waits the wrong way round, and batches that no body holds',
      { ...production, outbox: { backoffBaseMs: 50_000, backoffMostMs: 1_000 }, limits: { batchBytes: 2_000_000 } },
      [/^outbox.backoffBaseMs /, /^limits.batchBytes /],
    ],
    ['a setting that there is not', { ...production, listen: { prot: 1 } }, [/^listen.prot: there is no such setting/]],
  ]
  for (const [name, config, faults] of faulty) {
    it(`gives one line per fault: ${name}`, () => {
      const outcome = load([], config)
      if (!('faults' in outcome)) expect.fail(JSON.stringify(outcome))
      expect(outcome.faults).to.have.length(faults.length)
      for (const [index, fault] of faults.entries()) expect(outcome.faults[index]).to.match(fault)
    })
  }
})
