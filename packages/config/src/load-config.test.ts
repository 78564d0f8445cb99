import { expect } from 'chai'
import * as z from 'zod'
import { exampleConfig, loadConfig, type ConfigSources } from './load-config.ts'

const schema = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().default('127.0.0.1').meta({ description: 'Address to bind to.', env: 'APP_HOST' }),
      portNumber: z.number().int().min(0).max(65535).default(8080).meta({ description: 'Port.', env: 'APP_PORT' }),
    })
    .prefault({}),
  development: z.boolean().default(false).meta({ description: 'Allow http.', env: 'APP_DEV' }),
  privateKey: z.string().length(4).meta({ description: 'Key.', env: 'APP_KEY', secret: true, example: 'abcd' }),
  peers: z.array(z.string()).default([]).meta({ description: 'Peers.', env: 'APP_PEERS' }),
  level: z.enum(['info', 'debug']).default('info').meta({ description: 'Level.' }),
})

const sources = (overrides: Partial<ConfigSources>): ConfigSources => ({
  argv: [],
  env: { APP_KEY: 'wxyz' },
  readFile: () => '{}',
  program: 'app',
  description: 'an app',
  ...overrides,
})

describe('loadConfig', () => {
  it('lets flags beat the environment, the environment the file, the file the defaults', () => {
    const outcome = loadConfig(
      schema,
      sources({
        argv: ['--config', 'f.json', '--listen-port-number=3', '--development', '--peers', 'a, b'],
        env: { APP_KEY: 'wxyz', APP_PORT: '2', APP_HOST: 'env' },
        readFile: () => '{"listen":{"portNumber":1,"host":"file"},"level":"debug"}',
      }),
    )
    expect(outcome).to.deep.equal({
      config: {
        listen: { host: 'env', portNumber: 3 },
        development: true,
        privateKey: 'wxyz',
        peers: ['a', 'b'],
        level: 'debug',
      },
    })
  })

  it('turns a switch off by --no- and by =false', () => {
    for (const flag of ['--no-development', '--development=false']) {
      const outcome = loadConfig(schema, sources({ argv: [flag], env: { APP_KEY: 'wxyz', APP_DEV: 'true' } }))
      expect(outcome).to.have.nested.property('config.development', false)
    }
  })

  const faulty: { name: string; overrides: Partial<ConfigSources>; faults: RegExp[] }[] = [
    { name: 'an unknown flag', overrides: { argv: ['--nonsense', '1'] }, faults: [/--nonsense: there is no/, /^1: /] },
    { name: 'a flag without its value', overrides: { argv: ['--peers'] }, faults: [/--peers: needs a value/] },
    { name: 'no number', overrides: { argv: ['--listen-port-number', 'x'] }, faults: [/listen.portNumber.*number/] },
    { name: 'a bad variable', overrides: { env: { APP_KEY: 'wxyz', APP_DEV: 'yes' } }, faults: [/APP_DEV/] },
    {
      name: 'two values that the schema refuses',
      overrides: { argv: ['--listen-port-number', '99999'], env: {} },
      faults: [/listen.portNumber \(--listen-port-number, APP_PORT\)/, /privateKey \(--private-key, APP_KEY\)/],
    },
    {
      name: 'unknown keys of the file',
      overrides: { argv: ['--config', 'f'], readFile: () => '{"listen":{"prot":1},"x":2}' },
      faults: [/listen.prot: there is no such setting/, /x: there is no such setting/],
    },
    {
      name: 'a file that is not JSON',
      overrides: { argv: ['--config', 'f'], readFile: () => '{' },
      faults: [/--config f/],
    },
  ]
  for (const { name, overrides, faults } of faulty) {
    it(`gives one line per fault: ${name}`, () => {
      const outcome = loadConfig(schema, sources(overrides))
      if (!('faults' in outcome)) expect.fail(JSON.stringify(outcome))
      expect(outcome.faults).to.have.length(faults.length)
      for (const [index, fault] of faults.entries()) expect(outcome.faults[index]).to.match(fault)
    })
  }

  it('names the setting that must be given in an object that nobody mentions', () => {
    const nested = z.strictObject({ service: z.strictObject({ url: z.string('must be given') }) })
    expect(loadConfig(nested, sources({}))).to.deep.equal({ faults: ['service.url (--service-url): must be given'] })
  })

  it('prints the result without secrets', () => {
    const outcome = loadConfig(schema, sources({ argv: ['--print-config'] }))
    if (!('print' in outcome)) expect.fail()
    expect(outcome.print).to.include('"privateKey": "(hidden)"').and.not.include('wxyz')
  })

  it('names every setting in the help', () => {
    const outcome = loadConfig(schema, sources({ argv: ['--help'], env: {} }))
    if (!('help' in outcome)) expect.fail()
    for (const word of ['--listen-port-number <number>', 'APP_PORT', 'default 8080', 'required', '--level info|debug'])
      expect(outcome.help).to.include(word)
  })

  it('makes an example file that loads', () => {
    const outcome = loadConfig(
      schema,
      sources({ argv: ['--config', 'e'], env: {}, readFile: () => exampleConfig(schema) }),
    )
    expect(outcome).to.have.nested.property('config.privateKey', 'abcd')
  })
})
