import type { WriterContext } from '../writer-context.ts'

/** Writes something that changes nothing, so that it is known whether new mail would reach the disk (`Store.probe`). */
export function probe(context: WriterContext, _input: null): void {
  context.sql('UPDATE store SET incarnation = incarnation').run()
}
