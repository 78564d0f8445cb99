import { proofKinds } from '@overpost/protocol'
import * as z from 'zod'

export const proofsSetting = z
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
  .prefault({})
