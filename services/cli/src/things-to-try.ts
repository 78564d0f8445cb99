/** What to do by hand with a network that runs in `dir`, as lines to print. */
export function thingsToTry(dir: string): string[] {
  return [
    'Try, in another terminal (overpost is: node services/cli/dist/main.js):',
    '',
    `  export OVERPOST_DIR=${dir}`,
    '  overpost keygen --out alice.key; overpost keygen --out bob.key',
    '  overpost authorize --host B --key-file bob.key',
    '  overpost lookup BOBS_KEY',
    '  overpost send --host A --key-file alice.key --to BOBS_KEY "hello"',
    '  overpost list --host B --key-file bob.key',
    '  overpost ack --host B --key-file bob.key --all',
    '  overpost network status',
    '  kill -9 PID_OF_B; overpost network restart B',
    '',
    'Ctrl-C ends it all.',
  ]
}
