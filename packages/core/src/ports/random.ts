/** Randomness, as a parameter, so that tests and simulations replay. */
export interface Random {
  /** Evenly spread over [0, 1): for jitter, never for secrets. */
  fraction(): number
  /** `length` unpredictable bytes as lower-case hexadecimal digits. */
  hex(length: number): string
}
