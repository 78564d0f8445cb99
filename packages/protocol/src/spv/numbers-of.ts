/** The bytes as the SDK and the Engine take them. A loop, since `Array.from` is many times slower for megabytes. */
export function numbersOf(bytes: Uint8Array): number[] {
  const numbers = new Array<number>(bytes.length)
  for (let at = 0; at < bytes.length; at++) numbers[at] = bytes[at] ?? 0
  return numbers
}
