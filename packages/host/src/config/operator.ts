import * as z from 'zod'

/** Shorter ones can be guessed. */
export const leastTokenCharacters = 20

export const operatorSetting = z
  .strictObject({
    token: z.string().min(leastTokenCharacters).max(500).optional().meta({
      description:
        'What an operator shows to look into the queue and to change it, under /operator/. Without one nobody can. A file is safer.',
      env: 'OVERPOST_OPERATOR_TOKEN',
      secret: true,
    }),
    tokenFile: z.string().min(1).optional().meta({
      description: 'A file with that token.',
      env: 'OVERPOST_OPERATOR_TOKEN_FILE',
    }),
  })
  .prefault({})
