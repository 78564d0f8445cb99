const methods = ['log', 'warn', 'error'] as const
const target: Partial<Record<(typeof methods)[number], () => void>> = globalThis['console']

/** Keeps what is printed in a block's tests to itself, for programs that print whatever they do. */
export function quietConsole(): void {
  const originals = methods.map((method) => target[method])
  before(() => {
    for (const method of methods) target[method] = () => undefined
  })
  after(() => {
    for (const [index, method] of methods.entries()) {
      const original = originals[index]
      if (original !== undefined) target[method] = original
    }
  })
}
