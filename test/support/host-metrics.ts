/** A number of a host's `/metrics`, such as `relay_outbox_waiting{kind="failed"}`; null while the host has not counted it. */
export async function metric(hostUrl: string, name: string): Promise<number | null> {
  const text = await (await fetch(`${hostUrl}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return line === undefined ? null : Number(line.slice(name.length + 1))
}

/** What a host's outbox holds, as the host counted it last (every 5 s, and when it starts); null before that. */
export async function outboxOf(hostUrl: string): Promise<{ parcels: number; unrouted: number; failed: number } | null> {
  const [parcels, unrouted, failed] = await Promise.all(
    ['parcels', 'unrouted', 'failed'].map((kind) => metric(hostUrl, `relay_outbox_waiting{kind="${kind}"}`)),
  )
  if (parcels == null || unrouted == null || failed == null) return null
  return { parcels, unrouted, failed }
}
