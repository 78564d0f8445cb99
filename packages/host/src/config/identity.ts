import * as z from 'zod'

export const identityKeySetting = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
  .optional()
  .meta({
    description: "The host's private key, in hexadecimal. A file is safer.",
    env: 'OVERPOST_IDENTITY_KEY',
    secret: true,
  })

export const identityKeyFileSetting = z.string().min(1).optional().meta({
  description: "A file with the host's private key, in hexadecimal, as `overpost keygen` writes it.",
  env: 'OVERPOST_IDENTITY_KEY_FILE',
  example: 'host.key',
})

export const developmentSetting = z.boolean().default(false).meta({
  description: 'Lets http:// and this machine count as addresses of hosts. Never where others can reach it.',
  env: 'OVERPOST_DEVELOPMENT',
})

export const openSetting = z
  .boolean()
  .default(true)
  .meta({ description: 'Whether new identities may be hosted here.', env: 'OVERPOST_OPEN' })
