import type { WriterContext } from '../writer-context.ts'

/** A walk over messages in some order, which goes on where it stopped, also after a restart. */
export type WalkName = 'bodies' | 'delays' | 'ages'

/** How far it has come; 0 at first. */
export function walkPosition(context: WriterContext, name: WalkName): number {
  return context.sql<[number]>('SELECT position FROM walks WHERE name = ?').get(name)?.[0] ?? 0
}

export function moveWalk(context: WriterContext, name: WalkName, position: number): void {
  context
    .sql(
      'INSERT INTO walks (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position',
    )
    .run(name, position)
}
