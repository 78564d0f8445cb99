import type { OperatorAnswer } from '@overpost/protocol'
import { defineCommand, UsageError } from '../command.ts'
import { readKey } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes, type Io } from '../io.ts'
import { operate, operatorOptions } from '../operate.ts'

const explained =
  'A denied host or sender is refused. While any host (or sender) is allowed by name, all others of that kind are refused\ntoo. A rule holds at once, and stays.'

export const allow = deciding('allow', 'let a host or a sender in, and no others but those that are let in so')
export const deny = deciding('deny', 'take nothing of a host or a sender')

export const rules = defineCommand({
  name: 'rules',
  summary: 'operator: whom a host lets in, and whom not; --forget takes a rule away',
  positionals: [{ name: 'KEY', description: 'with --forget: of the host or sender', required: false }],
  options: {
    ...operatorOptions,
    forget: { kind: 'text', value: 'host|sender', description: 'take the rule of KEY away' },
  },
  notes: [explained],
  async run({ options, positionals }, io) {
    const client = operate(options, io.env)
    const [key] = positionals
    if ((options.forget === undefined) !== (key === undefined)) throw new UsageError('rules: --forget goes with a KEY')
    const answer =
      options.forget === undefined
        ? await client.call('rules', {}, { signal: io.signal })
        : await client.call(
            'rule',
            { subject: readSubject(options.forget), key: readKey('KEY', key ?? ''), verdict: null },
            { signal: io.signal },
          )
    print(answer.rules, options.json, io)
    return exitCodes.done
  },
})

function deciding(verdict: 'allow' | 'deny', summary: string) {
  return defineCommand({
    name: verdict,
    summary: `operator: ${summary}`,
    positionals: [
      { name: 'host|sender', description: 'what the key is of', required: true },
      { name: 'KEY', description: 'its public key', required: true },
    ],
    options: { ...operatorOptions, note: { kind: 'text', value: 'TEXT', description: 'why, for people' } },
    notes: [explained],
    async run({ options, positionals }, io) {
      const [subject = '', key = ''] = positionals
      const { note } = options
      const rule = {
        subject: readSubject(subject),
        key: readKey('KEY', key),
        verdict,
        ...(note === undefined ? {} : { note }),
      }
      const { rules: standing } = await operate(options, io.env).call('rule', rule, { signal: io.signal })
      print(standing, options.json, io)
      return exitCodes.done
    },
  })
}

function readSubject(word: string): 'host' | 'sender' {
  if (word === 'host' || word === 'sender') return word
  throw new UsageError(`a rule is for a host or a sender, not ${JSON.stringify(word)}`)
}

function print(standing: OperatorAnswer<'rules'>['rules'], asJson: boolean, io: Io): void {
  if (asJson) io.out(JSON.stringify(standing))
  else if (standing.length === 0) io.out('no rules: everybody is let in')
  else {
    const rows = standing.map(({ verdict, subject, key, note, setAtMs }) => {
      return [verdict, subject, key, new Date(setAtMs).toISOString(), note]
    })
    for (const line of columns([['RULE', 'FOR', 'KEY', 'SINCE', 'NOTE'], ...rows])) io.out(line)
  }
}
