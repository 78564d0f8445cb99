import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A private certificate authority in a folder of its own, which goes at the end. */
export interface TestAuthority extends AsyncDisposable {
  /** The certificate of the authority: a file, and its text (PEM). */
  readonly caFile: string
  readonly ca: string
  /** Makes a key and a certificate for DNS names and addresses, as files. */
  issue(...names: readonly string[]): Promise<{ readonly cert: string; readonly key: string }>
}

const run = promisify(execFile)

/** Needs the program `openssl`. */
export async function testAuthority(): Promise<TestAuthority> {
  const dir = await mkdtemp(join(tmpdir(), 'overpost-ca-'))
  const [caFile, caKey] = [join(dir, 'ca.pem'), join(dir, 'ca.key')]
  let issued = 0
  const make = async (name: string, extensions: string, more: readonly string[]) => {
    const [config, cert, key] = ['cnf', 'pem', 'key'].map((kind) => join(dir, `${name}.${kind}`)) as [
      string,
      string,
      string,
    ]
    await writeFile(
      config,
      `[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\nCN=${name}\n[ext]\n${extensions}\n`,
    )
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    await run('openssl', [
      'req',
      '-x509',
      '-config',
      config,
      ...curve,
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...more,
    ])
    return { cert, key }
  }
  await make('ca', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash', [])
  return {
    caFile,
    ca: await readFile(caFile, 'utf8'),
    issue(...names) {
      const subjects = names.map((name) => `${/^[\d.]+$|:/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',')
      issued += 1
      return make(`leaf-${issued}`, `basicConstraints=critical,CA:FALSE\nsubjectAltName=${subjects}`, [
        '-CA',
        caFile,
        '-CAkey',
        caKey,
      ])
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}
