import { identityKeySchema, parseHostOrigin } from '@overpost/protocol'
import * as z from 'zod'

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((text) => text.replace(/\/+$/, ''))
const count = z.number().int().min(1)
const ms = z.number().int().min(1)
const privateKey = z.string().regex(/^[0-9a-f]{64}$/i, 'must be a private key of 64 hexadecimal digits')

const listen = z.strictObject({
  host: z.string().default('127.0.0.1').meta({ description: 'Address to bind to.', env: 'OVERLAY_HOST' }),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8090)
    .meta({ description: 'Port; 0 takes a free one.', env: 'OVERLAY_PORT' }),
})

const tls = z.strictObject({
  cert: z.string().min(1).optional().meta({
    description:
      'A PEM file: the certificate of publicUrl, then those up to its authority. Followed when it changes. Without it TLS ends at a proxy.',
    env: 'OVERLAY_TLS_CERT',
  }),
  key: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "A PEM file: the certificate's private key.", env: 'OVERLAY_TLS_KEY' }),
})

const outgoing = z.strictObject({
  ca: z.string().min(1).optional().meta({
    description: 'A PEM file: authorities that are believed besides the public ones, for all that this node calls.',
    env: 'OVERLAY_OUTGOING_CA',
  }),
})

const headers = z.strictObject({
  url: url.meta({
    description: 'Block Headers Service, asked for Merkle roots.',
    env: 'OVERLAY_HEADERS_URL',
    example: 'https://headers.example',
  }),
  apiKey: z.string().optional().meta({ description: 'Its API key.', env: 'OVERLAY_HEADERS_API_KEY', secret: true }),
  deepBlocks: count.default(20).meta({
    description: 'A root with this many blocks above it is asked once.',
    env: 'OVERLAY_HEADERS_DEEP_BLOCKS',
    unit: 'blocks',
  }),
  timeoutMs: ms
    .default(10_000)
    .meta({ description: 'For each question.', env: 'OVERLAY_HEADERS_TIMEOUT_MS', unit: 'ms' }),
})

const arc = z.strictObject({
  url: url.optional().meta({
    description: 'ARC; without it transactions are not broadcast.',
    env: 'OVERLAY_ARC_URL',
    example: 'https://arc.example',
  }),
  apiKey: z.string().optional().meta({ description: 'Its API key.', env: 'OVERLAY_ARC_API_KEY', secret: true }),
  timeoutMs: ms.default(20_000).meta({ description: 'For each broadcast.', env: 'OVERLAY_ARC_TIMEOUT_MS', unit: 'ms' }),
})

const advertise = z.strictObject({
  privateKey: privateKey.optional().meta({
    description: "The node's identity: signs its SHIP and SLAP tokens. Without it the node does not advertise itself.",
    env: 'OVERLAY_PRIVATE_KEY',
    secret: true,
  }),
  walletUrl: url
    .optional()
    .meta({ description: 'BRC-100 wallet (JSON over HTTP) that pays.', env: 'OVERLAY_WALLET_URL' }),
  originator: z
    .string()
    .default('overlay.overpost')
    .meta({ description: 'Name of this program for the wallet.', env: 'OVERLAY_WALLET_ORIGINATOR' }),
  peers: z
    .array(url)
    .default([])
    .meta({ description: 'Other overlay nodes that shall know of this one.', env: 'OVERLAY_ADVERTISE_PEERS' }),
  recheckMs: ms.default(600_000).meta({
    description: 'How often to compare wallet, node and peers.',
    env: 'OVERLAY_ADVERTISE_RECHECK_MS',
    unit: 'ms',
  }),
})

const limits = z.strictObject({
  bodyBytes: count
    .default(4 * 1024 * 1024)
    .meta({ description: 'Largest body of a submit.', env: 'OVERLAY_LIMITS_BODY_BYTES', unit: 'bytes' }),
  submitsAtOnce: count
    .default(32)
    .meta({ description: 'Submits worked on together.', env: 'OVERLAY_LIMITS_SUBMITS_AT_ONCE' }),
  submitsWaiting: count
    .default(500)
    .meta({ description: 'Submits that wait for their turn.', env: 'OVERLAY_LIMITS_SUBMITS_WAITING' }),
  feedWaiters: count
    .default(500)
    .meta({ description: 'Feed requests that may wait.', env: 'OVERLAY_LIMITS_FEED_WAITERS' }),
  feedWaitMs: ms
    .max(25_000)
    .default(25_000)
    .meta({ description: 'How long a feed request waits at most.', env: 'OVERLAY_LIMITS_FEED_WAIT_MS', unit: 'ms' }),
})

const peers = z.strictObject({
  urls: z.array(url).default([]).meta({
    description: 'Overlay nodes to pass admissions on to, and to catch up from, whatever SHIP says.',
    env: 'OVERLAY_PEERS',
  }),
  discover: z.boolean().default(true).meta({
    description: 'Also the nodes that SHIP tokens name for the topics of this one.',
    env: 'OVERLAY_PEERS_DISCOVER',
  }),
  most: count
    .max(1_000)
    .default(32)
    .meta({ description: 'Of those, at most so many, the longest known first.', env: 'OVERLAY_PEERS_MOST' }),
  syncMs: ms.default(60_000).meta({
    description: 'How often each is asked for what this node does not have.',
    env: 'OVERLAY_PEERS_SYNC_MS',
    unit: 'ms',
  }),
  retryMs: ms.default(1_000).meta({
    description: 'The first wait after a failure; it doubles up to 10 minutes.',
    env: 'OVERLAY_PEERS_RETRY_MS',
    unit: 'ms',
  }),
  timeoutMs: ms.default(20_000).meta({ description: 'For each call.', env: 'OVERLAY_PEERS_TIMEOUT_MS', unit: 'ms' }),
})

const reorgs = z.strictObject({
  pollMs: ms.default(10_000).meta({
    description: 'How often the header service is asked for a new tip.',
    env: 'OVERLAY_REORGS_POLL_MS',
    unit: 'ms',
  }),
  blocks: count.default(100).meta({
    description: 'A block with so many above it is not looked at again.',
    env: 'OVERLAY_REORGS_BLOCKS',
    unit: 'blocks',
  }),
})

/** The one schema of an overlay node's configuration. */
export const overlayConfigSchema = z
  .strictObject({
    listen: listen.prefault({}),
    tls: tls.prefault({}),
    trustProxy: z.boolean().default(false).meta({
      description:
        "Whether the last address in X-Forwarded-For is the caller's, in place of the connection's: only behind a proxy that writes it, and that nobody can go around.",
      env: 'OVERLAY_TRUST_PROXY',
    }),
    outgoing: outgoing.prefault({}),
    publicUrl: z.string().optional().meta({
      description:
        'Origin under which others reach the node: what it advertises, and where ARC calls back. In development the address that it listens on.',
      env: 'OVERLAY_PUBLIC_URL',
      example: 'https://overlay.example',
    }),
    dataDir: z
      .string()
      .min(1)
      .default('./overlay-data')
      .meta({ description: 'Folder of the database.', env: 'OVERLAY_DATA_DIR' }),
    development: z.boolean().default(false).meta({
      description: 'Admit http and loopback origins: for a network on one machine.',
      env: 'OVERLAY_DEVELOPMENT',
    }),
    headers,
    arc: arc.prefault({}),
    blocklist: z
      .array(z.string())
      .default([])
      .meta({ description: 'Identity keys and origins whose tokens are not admitted.', env: 'OVERLAY_BLOCKLIST' }),
    advertise: advertise.prefault({}),
    peers: peers.prefault({}),
    reorgs: reorgs.prefault({}),
    limits: limits.prefault({}),
    drainMs: ms
      .default(10_000)
      .meta({ description: 'How long requests may go on when the node stops.', env: 'OVERLAY_DRAIN_MS', unit: 'ms' }),
    logLevel: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info')
      .meta({ description: 'Least level that is logged.', env: 'OVERLAY_LOG_LEVEL' }),
  })
  .superRefine((config, context) => {
    const { publicUrl, development, advertise } = config
    if (publicUrl !== undefined && parseHostOrigin(publicUrl, { allowHttp: development }) === null) {
      const message = `must be an origin such as https://overlay.example, without a path${development ? '' : '; http only in development'}`
      context.addIssue({ code: 'custom', path: ['publicUrl'], message })
    }
    if ((config.tls.cert === undefined) !== (config.tls.key === undefined)) {
      const path = ['tls', config.tls.cert === undefined ? 'cert' : 'key']
      context.addIssue({ code: 'custom', path, message: 'is required: a certificate goes with its key' })
    }
    for (const [index, word] of config.blocklist.entries()) {
      if (identityKeySchema.safeParse(word).success || parseHostOrigin(word, { allowHttp: true }) !== null) continue
      context.addIssue({
        code: 'custom',
        path: ['blocklist', index],
        message: `${word} is neither a key nor an origin`,
      })
    }
    if (advertise.privateKey === undefined) return
    if (advertise.walletUrl === undefined) {
      context.addIssue({ code: 'custom', path: ['advertise', 'walletUrl'], message: 'is needed to advertise' })
    }
    if (publicUrl === undefined && !development) {
      context.addIssue({ code: 'custom', path: ['publicUrl'], message: 'is needed to advertise' })
    }
  })

export type OverlayConfig = z.output<typeof overlayConfigSchema>
/** What {@link overlayConfigSchema} parses: defaults left out. */
export type OverlayConfigInput = z.input<typeof overlayConfigSchema>
