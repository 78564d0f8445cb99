/** Puts figures beside the test's title; tests assert on what must hold, and print what is worth knowing. */
export function report(line: string): void {
  process.stdout.write(`        ${line}\n`)
}
