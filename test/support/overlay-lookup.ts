import type { ShownOutput } from './lying-lookup.ts'

/** What an overlay node shows for a user (`ls_phip`); spent tokens too when asked for. */
export async function lookUp(
  overlayUrl: string,
  user: string,
  { includeSpent = false }: { includeSpent?: boolean } = {},
): Promise<ShownOutput[]> {
  const answer = await fetch(`${overlayUrl}/lookup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ service: 'ls_phip', query: { user, includeSpent } }),
  })
  if (answer.status !== 200) throw new Error(`${overlayUrl} answers ${answer.status}`)
  return ((await answer.json()) as { outputs: ShownOutput[] }).outputs
}
