import { maxListLimit, parseHostOrigin, proofKinds } from '@overpost/protocol'
import * as z from 'zod'

const secondMs = 1_000
const minuteMs = 60 * secondMs
const dayMs = 24 * 60 * minuteMs
const mebibyte = 1_048_576

const durationMs = (least: number, most: number, fallback: number) =>
  z.number().int().min(least).max(most).default(fallback)
const count = (least: number, most: number, fallback: number) => z.number().int().min(least).max(most).default(fallback)
const httpUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http:// or https:// address',
  )
  .transform((text) => text.replace(/\/+$/, ''))
const isPlain = (url: string): boolean => url.startsWith('http://')

/** Every setting of a host. Flags, environment and `config.example.json` come from here. */
export const hostConfigSchema = z
  .strictObject({
    listen: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1').meta({
          description:
            'The address to listen on. Others than this machine should reach it by TLS only: here, or at a proxy.',
          env: 'OVERPOST_LISTEN_HOST',
        }),
        port: count(0, 65_535, 8090).meta({
          description: 'The port to listen on; 0: any free one.',
          env: 'OVERPOST_LISTEN_PORT',
        }),
      })
      .prefault({}),
    tls: z
      .strictObject({
        cert: z.string().min(1).optional().meta({
          description:
            'A PEM file: the certificate of publicUrl, then those up to its authority. Followed when it changes. Without it TLS ends at a proxy.',
          env: 'OVERPOST_TLS_CERT',
        }),
        key: z.string().min(1).optional().meta({
          description: "A PEM file: the certificate's private key.",
          env: 'OVERPOST_TLS_KEY',
        }),
      })
      .prefault({}),
    trustProxy: z.boolean().default(false).meta({
      description:
        "Whether the last address in X-Forwarded-For is the caller's, in place of the connection's: only behind a proxy that writes it, and that nobody can go around.",
      env: 'OVERPOST_TRUST_PROXY',
    }),
    outgoing: z
      .strictObject({
        ca: z.string().min(1).optional().meta({
          description:
            'A PEM file: authorities that are believed besides the public ones, for all that this host calls.',
          env: 'OVERPOST_OUTGOING_CA',
        }),
      })
      .prefault({}),
    publicUrl: z.string().optional().meta({
      description:
        'The origin under which others reach this host, as it is advertised on chain. In development: where it listens.',
      env: 'OVERPOST_PUBLIC_URL',
      example: 'https://relay.example',
    }),
    identityKey: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
      .optional()
      .meta({
        description: "The host's private key, in hexadecimal. A file is safer.",
        env: 'OVERPOST_IDENTITY_KEY',
        secret: true,
      }),
    identityKeyFile: z.string().min(1).optional().meta({
      description: "A file with the host's private key, in hexadecimal, as `overpost keygen` writes it.",
      env: 'OVERPOST_IDENTITY_KEY_FILE',
      example: 'host.key',
    }),
    development: z.boolean().default(false).meta({
      description: 'Lets http:// and this machine count as addresses of hosts. Never where others can reach it.',
      env: 'OVERPOST_DEVELOPMENT',
    }),
    open: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether new identities may be hosted here.', env: 'OVERPOST_OPEN' }),
    store: z
      .strictObject({
        kind: z.enum(['sqlite', 'memory']).default('sqlite').meta({
          description: 'Where mail is kept; memory forgets all at the end.',
          env: 'OVERPOST_STORE',
        }),
        file: z.string().min(1).default('overpost-host.sqlite').meta({
          description: 'The SQLite file; one process at a time.',
          env: 'OVERPOST_STORE_FILE',
        }),
      })
      .prefault({}),
    chain: z
      .strictObject({
        headersUrl: httpUrl.optional().meta({
          description:
            'A block headers service, against which adverts are checked. Without one this host finds no other.',
          env: 'OVERPOST_HEADERS_URL',
          example: 'https://headers.example',
        }),
        headersApiKey: z.string().min(1).optional().meta({
          description: 'The key for the block headers service.',
          env: 'OVERPOST_HEADERS_API_KEY',
          secret: true,
        }),
        timeoutMs: durationMs(100, minuteMs, 5_000).meta({
          description: 'How long a question to it may take.',
          unit: 'ms',
        }),
      })
      .prefault({}),
    wallet: z
      .strictObject({
        url: httpUrl.optional().meta({
          description: 'A BRC-100 wallet (JSON over HTTP) that pays for adverts. Without one this host mints none.',
          env: 'OVERPOST_WALLET_URL',
          example: 'http://127.0.0.1:3321',
        }),
        originator: z.string().min(1).default('overpost.host').meta({
          description: 'The name under which this host asks the wallet.',
          env: 'OVERPOST_WALLET_ORIGINATOR',
        }),
        timeoutMs: durationMs(secondMs, 10 * minuteMs, minuteMs).meta({
          description: 'How long a call to the wallet may take.',
          unit: 'ms',
        }),
      })
      .prefault({}),
    overlay: z
      .strictObject({
        urls: z.array(httpUrl).max(20).default([]).meta({
          description:
            'Overlay nodes that are asked for adverts and told of ours; all of them, each time. Use several.',
          env: 'OVERPOST_OVERLAY_URLS',
        }),
        submitTimeoutMs: durationMs(secondMs, 5 * minuteMs, 15 * secondMs).meta({
          description: 'How long telling a node of an advert may take.',
          unit: 'ms',
        }),
      })
      .prefault({}),
    memoryDays: count(2, 365, 7).meta({
      description: 'How long messages that came are remembered, so that none is taken twice; older ones are refused.',
      unit: 'days',
      env: 'OVERPOST_MEMORY_DAYS',
    }),
    limits: z
      .strictObject({
        bodyBytes: count(4_096, 64 * mebibyte, 1.5 * mebibyte).meta({
          description: 'The largest request body.',
          unit: 'bytes',
        }),
        batchMessages: count(1, 100, 100).meta({ description: 'Messages in one call between hosts, both ways.' }),
        batchBytes: count(4_096, 64 * mebibyte, mebibyte).meta({
          description: 'Bytes of one batch between hosts, both ways.',
          unit: 'bytes',
        }),
        listMessages: count(1, 10_000, maxListLimit).meta({ description: 'Messages in one listing.' }),
        listBytes: count(4_096, 64 * mebibyte, 4 * mebibyte).meta({
          description: 'Bytes of bodies in one listing.',
          unit: 'bytes',
        }),
        requestTimeoutMs: durationMs(secondMs, 10 * minuteMs, 30 * secondMs).meta({
          description: 'How long a request may take to arrive.',
          unit: 'ms',
        }),
      })
      .prefault({}),
    proofs: z
      .strictObject({
        minimum: z.enum(proofKinds).default('host').meta({
          description:
            'The weakest proof of the sender with which a message of another host is taken, the strongest first.',
          env: 'OVERPOST_PROOFS_MINIMUM',
        }),
        minimumPlaintext: z.enum(proofKinds).default('host').meta({
          description: 'The same for messages that are no ciphertext; where it is stronger than minimum.',
          env: 'OVERPOST_PROOFS_MINIMUM_PLAINTEXT',
        }),
        prefer: z.enum(['brc94', 'host']).default('brc94').meta({
          description:
            "How other hosts are shown who sent a message without an envelope: by the sender's request, which shows all its recipients, or, for senders that are hosted here, by this host's word, and by the request where that is refused.",
          env: 'OVERPOST_PROOFS_PREFER',
        }),
      })
      .prefault({}),
    outbox: z
      .strictObject({
        lanes: count(1, 1_000, 16).meta({ description: 'Deliveries and look-ups in hand at once.' }),
        gatherMs: durationMs(0, secondMs, 5).meta({
          description: 'How long a host rests after a call with several messages, so that the next call takes more.',
          unit: 'ms',
        }),
        ageLimitMs: durationMs(minuteMs, 365 * dayMs, 5 * dayMs).meta({
          description: 'How long delivery is tried.',
          unit: 'ms',
        }),
        backoffBaseMs: durationMs(50, minuteMs, secondMs).meta({
          description: 'The first wait after a failed delivery; doubles.',
          unit: 'ms',
        }),
        backoffMostMs: durationMs(secondMs, dayMs, 15 * minuteMs).meta({
          description: 'The longest such wait.',
          unit: 'ms',
        }),
        unroutedBaseMs: durationMs(50, dayMs, minuteMs).meta({
          description: 'The first wait after finding no home of a recipient; doubles.',
          unit: 'ms',
        }),
        unroutedMostMs: durationMs(secondMs, dayMs, 60 * minuteMs).meta({
          description: 'The longest such wait.',
          unit: 'ms',
        }),
        callTimeoutMs: durationMs(secondMs, 5 * minuteMs, 30 * secondMs).meta({
          description: 'How long one delivery may take, its own quick retries included.',
          unit: 'ms',
        }),
      })
      .prefault({}),
    routes: z
      .strictObject({
        positiveMs: durationMs(0, dayMs, minuteMs).meta({
          description: 'How long a found home is used without asking again.',
          unit: 'ms',
        }),
        negativeMs: durationMs(0, dayMs, 10 * secondMs).meta({
          description: 'How long the answer "none" is believed.',
          unit: 'ms',
        }),
        lookupTimeoutMs: durationMs(100, minuteMs, 5 * secondMs).meta({
          description: 'How long an overlay node is waited for.',
          unit: 'ms',
        }),
      })
      .prefault({}),
    sessions: z
      .strictObject({
        lifetimeMs: durationMs(minuteMs, 30 * dayMs, 7 * dayMs).meta({
          description: 'How long an authenticated session lasts; some clients never begin a new one by themselves.',
          unit: 'ms',
        }),
      })
      .prefault({}),
    advertiser: z
      .strictObject({
        everyMs: durationMs(secondMs, dayMs, minuteMs).meta({
          description: 'How often adverts on chain are compared with what users authorised.',
          unit: 'ms',
        }),
        mostPerTransaction: count(1, 1_000, 100).meta({ description: 'Adverts made and ended in one transaction.' }),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').meta({
          description: 'How much is logged.',
          env: 'OVERPOST_LOG_LEVEL',
        }),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: path.split('.'), message })
    }
    const { publicUrl, identityKey, identityKeyFile, development, outbox, limits } = config
    if (publicUrl === undefined) {
      if (!development) fault('publicUrl', 'is required outside development')
    } else if (parseHostOrigin(publicUrl, { allowHttp: true }) === null) {
      fault(
        'publicUrl',
        'must be an origin as URLs are written: lower case, no path, no slash at the end, no default port',
      )
    } else if (!development && isPlain(publicUrl)) {
      fault('publicUrl', 'must be https:// outside development')
    }
    if (identityKey === undefined && identityKeyFile === undefined)
      fault('identityKeyFile', 'is required, or identityKey')
    if (identityKey !== undefined && identityKeyFile !== undefined)
      fault('identityKeyFile', 'give it or identityKey, not both')
    if ((config.tls.cert === undefined) !== (config.tls.key === undefined)) {
      fault(config.tls.cert === undefined ? 'tls.cert' : 'tls.key', 'is required: a certificate goes with its key')
    }
    if (outbox.ageLimitMs >= config.memoryDays * dayMs) {
      fault('outbox.ageLimitMs', 'must be less than memoryDays, or late deliveries are refused as too old')
    }
    if (outbox.backoffBaseMs > outbox.backoffMostMs)
      fault('outbox.backoffBaseMs', 'must not be more than backoffMostMs')
    if (outbox.unroutedBaseMs > outbox.unroutedMostMs)
      fault('outbox.unroutedBaseMs', 'must not be more than unroutedMostMs')
    if (limits.batchBytes > limits.bodyBytes) fault('limits.batchBytes', 'must not be more than bodyBytes')
    if (new Set(config.overlay.urls).size < config.overlay.urls.length) fault('overlay.urls', 'names a node twice')
    if (!development && config.overlay.urls.some(isPlain)) {
      fault('overlay.urls', 'must be https:// outside development')
    }
  })

/** A host's settings, checked. */
export type HostConfig = z.output<typeof hostConfigSchema>
/** The same as it is written: what has a default may be left out. */
export type HostConfigInput = z.input<typeof hostConfigSchema>
