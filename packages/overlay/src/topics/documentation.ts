export const phipTopicDocumentation = `# tm_phip

Holds adverts of message-relay hosts (BRC-34, Peerserv Host Interconnect Protocol): an unspent output says that a host takes the
messages of a user, with the permission that the user signed. The host revokes it by spending it.

## What is admitted

A PushDrop output, written canonically (each push as short as it can be), with these fields:

| # | Field | Form |
|---|---|---|
| 1 | \`PHIP\`, or \`PHIP2\` for a permission with dates | UTF-8 |
| 2 | the host's identity key | 33 bytes |
| 3 | the host's origin, \`https://host[:port]\` | UTF-8 |
| 4 | the user's identity key | 33 bytes |
| 5 | the user's signature | DER |
| 6 | PHIP2 only: issued and expires, Unix milliseconds | 2 x 8 bytes, big-endian |
| next | optional: a regular expression for message boxes, up to 128 characters | UTF-8 |
| last | the host's signature over all fields before it | DER |

1. The script is canonical and has as many fields as its kind takes.
2. Field 1 is \`PHIP\` or \`PHIP2\`.
3. Both keys are points of the curve.
4. The origin is in canonical form; https (http only on a development node).
5. The regular expression compiles in a linear-time engine and is not the word \`ALL\`.
6. The locking key is derived from the host's key: protocol \`[2, "peerserv host interconnect"]\`, key \`1\`, counterparty \`anyone\`.
7. The host's signature verifies under that key.
8. The user's signature verifies over \`<host key> <origin> <regex or ALL>\`, protocol \`[1, "PHIP authorization"]\`; for PHIP2 over the
   same followed by \`<issued> <expires>\`, protocol \`[1, "PHIP dated authorization"]\`; key \`1\`, counterparty \`anyone\`.
9. The operator of this node does not block the host, its origin or the user.

## Withdrawals

Admitted too: \`PHIPW\`, the publishing host's key, the user's key, the withdrawn host's key or \`ALL\`, the time (8 bytes, big-endian
milliseconds), the user's signature over \`<user key> withdraws <host key or ALL> <time>\` (protocol \`[1, "PHIP withdrawal"]\`), the publisher's
signature; locked by the publisher's key as above.

Dates are not compared with the time: every node admits the same tokens. Whoever looks them up judges the dates. No coins are retained.
`

export const messageboxTopicDocumentation = `# tm_messagebox

Holds adverts of message box users: an unspent output says which host an identity chose. The user makes it, and revokes it by spending it.

## What is admitted

A PushDrop output, written canonically, with exactly three fields: the user's identity key (33 bytes), the host's URL (UTF-8), the user's
signature over both. Locking key and signature are of the user's key for protocol \`[1, "messagebox advertisement"]\`, key \`1\`,
counterparty \`anyone\`. The URL is absolute, https (http and this machine on a development node only), of at most 512 characters, without
user, password, query or fragment. No coins are retained.
`

function discoveryTopic(kind: 'SHIP' | 'SLAP', topic: string, what: string, prefix: string, protocol: string): string {
  return `# ${topic}

Holds ${kind} adverts (BRC-88): an unspent output says that a node ${what}. Its owner revokes it by spending it.

## What is admitted

A PushDrop output, written canonically, with exactly five fields:

| # | Field | Form |
|---|---|---|
| 1 | \`${kind}\` | UTF-8 |
| 2 | the node's identity key | 33 bytes |
| 3 | the node's base URL, https without a path | UTF-8 |
| 4 | the name: \`${prefix}\` and lower-case words joined by underscores, up to 50 characters (BRC-87) | UTF-8 |
| 5 | the node's signature over the fields before it | DER |

The locking key and the signature are of the node's key for protocol \`[2, "${protocol}"]\`, key \`1\`, counterparty \`anyone\`.
http and localhost are admitted on a development node only. No coins are retained.
`
}

export const shipTopicDocumentation = discoveryTopic(
  'SHIP',
  'tm_ship',
  'takes transactions for a topic',
  'tm_',
  'service host interconnect',
)

export const slapTopicDocumentation = discoveryTopic(
  'SLAP',
  'tm_slap',
  'answers a lookup service',
  'ls_',
  'service lookup availability',
)
