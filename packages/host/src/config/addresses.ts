import * as z from 'zod'
import { count } from './values.ts'

export const listenSetting = z
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
    fd: z.number().int().min(3).max(1_000).optional().meta({
      description:
        'A listening socket that whoever starts this host holds, by its number (systemd: 3), in place of host and port: callers then wait while the host is started anew.',
      env: 'OVERPOST_LISTEN_FD',
    }),
  })
  .prefault({})

export const tlsSetting = z
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
  .prefault({})

export const trustProxySetting = z.boolean().default(false).meta({
  description:
    "Whether the last address in X-Forwarded-For is the caller's, in place of the connection's: only behind a proxy that writes it, and that nobody can go around.",
  env: 'OVERPOST_TRUST_PROXY',
})

export const outgoingSetting = z
  .strictObject({
    ca: z.string().min(1).optional().meta({
      description: 'A PEM file: authorities that are believed besides the public ones, for all that this host calls.',
      env: 'OVERPOST_OUTGOING_CA',
    }),
  })
  .prefault({})

export const publicUrlSetting = z.string().optional().meta({
  description:
    'The origin under which others reach this host, as it is advertised on chain. In development: where it listens.',
  env: 'OVERPOST_PUBLIC_URL',
  example: 'https://relay.example',
})
