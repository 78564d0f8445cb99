import { nodeTransport, type NodeTransport } from '@overpost/auth'

/**
 * The one way out to addresses that others chose: hosts named in tokens, and whatever else is not in the operator's own
 * configuration. What guards such calls belongs here.
 */
export function outgoingTransport({ allowHttp }: { allowHttp: boolean }): NodeTransport {
  const transport = nodeTransport()
  return Object.assign(
    (request: Parameters<NodeTransport>[0]) =>
      allowHttp || request.url.startsWith('https://')
        ? transport(request)
        : Promise.reject(new Error('only https:// is called outside development')),
    { close: () => transport.close() },
  )
}
