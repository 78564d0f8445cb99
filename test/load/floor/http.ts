import type { IncomingMessage, ServerResponse } from 'node:http'

export function readBody(incoming: IncomingMessage, onBody: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => onBody(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
}

export function answerJson(response: ServerResponse, status: number, text: string, signature?: string): void {
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  }
  if (signature !== undefined) headers['x-signature'] = signature
  response.writeHead(status, headers).end(text)
}
