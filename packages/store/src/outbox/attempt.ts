/** What `read` returns or throws, as a promise. */
export function attempt<T>(read: () => T): Promise<T> {
  return new Promise((resolve) => resolve(read()))
}
