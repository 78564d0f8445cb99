import type { Message } from '@overpost/core'

/** About what a message takes in a call to another host: its body, or the sender's request in base64, which holds it. */
export function wireBytes({ body, request }: Pick<Message, 'body' | 'request'>): number {
  return request === null ? Buffer.byteLength(body) : Math.ceil(request.payload.length / 3) * 4
}
