import type { Leaf } from './schema-leaves.ts'

/** The text of `--help`: every setting with its flag, variable, unit and default. */
export function helpText(leaves: readonly Leaf[], program: { program: string; description: string }): string {
  const lines = [
    `${program.program}: ${program.description}`,
    '',
    'Flags beat environment variables, those beat the file of --config, that beats the defaults.',
    '',
    '  --config FILE      a JSON file with settings (see config.example.json)',
    '  --print-config     print the settings that would hold, secrets hidden, and end',
    '  --help             print this and end',
    '',
  ]
  for (const leaf of leaves) lines.push(`  ${leaf.flag}${placeholder(leaf)}`, ...details(leaf), '')
  return lines.join('\n')
}

function placeholder({ kind, meta, choices }: Leaf): string {
  if (kind === 'boolean') return ''
  if (choices.length > 0) return ` ${choices.join('|')}`
  if (kind === 'number') return ` <${meta.unit ?? 'number'}>`
  return kind === 'list' ? ' <a,b,..>' : ' <text>'
}

function details({ meta, required, fallback }: Leaf): string[] {
  const notes = [
    meta.env === undefined ? '' : `env ${meta.env}`,
    required ? 'required' : '',
    fallback === undefined || meta.secret === true ? '' : `default ${JSON.stringify(fallback)}`,
  ].filter((note) => note !== '')
  const description = meta.description ?? ''
  return [description, notes.join('; ')].filter((line) => line !== '').map((line) => `      ${line}`)
}
