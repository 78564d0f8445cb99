const spentRows = `| \`includeSpent\` | boolean | Spent outputs too, each with the BEEF of the transaction that spent it in \`context\`. Default false: live ones only. |`
const answer = `## Answer

An output list (BRC-24). What says the same is answered once: of several tokens with the same content the first live one and, with
\`includeSpent\`, the first spent one. An answer of more than 2 MiB of BEEF is cut short: go on with \`skip\`. Check each output yourself: SPV of the BEEF, script, signatures.`

export const phipLookupDocumentation = `# ls_phip

Finds the hosts that take the messages of an identity (BRC-34), from the tokens of \`tm_phip\`.

## Question

\`{"service": "ls_phip", "query": {...}}\`. All conditions that are given must hold.

| Field | Type | Meaning |
|---|---|---|
| \`recipient\`, \`user\` or \`identityKey\` | string | The user's identity key. One is enough; several must be equal. |
| \`hostKey\` | string | The host's identity key. |
| \`domain\` | string | The host's origin (\`https://host.example\`), or a bare domain for https. |
| \`limit\`, \`skip\` | number | At most 100 (the default); how many to leave out first. |
${spentRows}

${answer}

Newest first. A permission of which any token was ever spent has no live ones: its script may have been put on chain again by
anybody. Expiry of \`PHIP2\` is not judged here.

When the question names a user, the user's withdrawals come first, whether spent or not: of each withdrawn host, and of \`ALL\`, the latest that is
at most 10 minutes ahead. They are told apart by their first field, \`PHIPW\`. Live tokens that a withdrawal ended are left out, unless
\`includeSpent\` is set.
`

export const messageboxLookupDocumentation = `# ls_messagebox

Finds the message box host that an identity chose, from the adverts of \`tm_messagebox\`.

## Question

\`{"service": "ls_messagebox", "query": {...}}\`. All conditions that are given must hold; other values must be strings, and are ignored.

| Field | Type | Meaning |
|---|---|---|
| \`identityKey\` | string | The user's identity key. Required. |
| \`host\` | string | The host's URL. |
| \`limit\`, \`skip\` | number | At most 100 (the default); how many to leave out first. |
${spentRows}

${answer}

Newest first. An advert that was spent before comes after all others, unless the transaction that put it on chain again spends an advert
of the same user: anybody can put the script on chain again, but only the user can do that.
`

function discoveryLookup(kind: string, service: string, topic: string, nameRow: string): string {
  return `# ${service}

Finds ${kind} adverts (BRC-88), from the tokens of \`${topic}\`.

## Question

\`{"service": "${service}", "query": "findAll"}\`, or an object. All conditions that are given must hold.

| Field | Type | Meaning |
|---|---|---|
| \`findAll\` | boolean | All adverts. |
${nameRow}
| \`domain\` | string | The node's origin. |
| \`identityKey\` | string | The node's identity key. |
| \`limit\`, \`skip\` | number | At most 1000 (the default); how many to leave out first. |
| \`sortOrder\` | string | \`desc\` (newest first, the default) or \`asc\`. |
${spentRows}

${answer}
`
}

export const shipLookupDocumentation = discoveryLookup(
  'SHIP',
  'ls_ship',
  'tm_ship',
  '| `topics` | array of strings | Adverts for any of these topics. |',
)

export const slapLookupDocumentation = discoveryLookup(
  'SLAP',
  'ls_slap',
  'tm_slap',
  '| `service` | string | Adverts for this lookup service. |',
)
