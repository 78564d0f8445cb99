import { PrivateKey, ProtoWallet } from '@bsv/sdk'
import { hexToBytes } from '../hex.ts'
import type { HostOrigin, IdentityKey } from '../scalars.ts'

/** The people of the digests' vectors: a private key is one byte 32 times over. */
export function person(byte: string): { wallet: ProtoWallet; key: IdentityKey } {
  const privateKey = PrivateKey.fromHex(byte.repeat(32))
  return { wallet: new ProtoWallet(privateKey), key: privateKey.toPublicKey().toString() as IdentityKey }
}

export const sender = person('11')
export const host = person('22')
export const user = person('33')
export const stranger = person('44')
export const origin = 'https://relay.example' as HostOrigin

/** Hexadecimal digits with blanks where they help the eye. */
export function bytes(hex: string): Uint8Array {
  const parsed = hexToBytes(hex.replace(/\s/g, ''))
  if (parsed === null) throw new Error('the vector is not hexadecimal')
  return parsed
}

/** phip.md section 9: host 22, user 33, no regex. */
export const phipScript = bytes(`
2103ea6b35f297c30d9d8f99d17c9b53b22ee6c5f0a72203756380ec1ddc9989eff7ac0450484950
2102466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f27
1568747470733a2f2f72656c61792e6578616d706c65
21023c72addb4fdf09af94f0c94d7fe92a386a7e70cf8a1d85916386bb2535c7b1b1
463044022042c1d2fcea9c782a984bc2dc0ed227cf9beddd7eb7011143a70a38fd3da5809a0220609b85e0d545688452d00a2cc5611f77823ad40484251c65e8d8fa826b9c8629
463044022043e57e118617441cb2e83270eb4b348241cb78985b6d815cdd8dc280f1da269b022047ef4d22363b8193c6bf11ca2cd8beed1de1306344bb8eb62bb5db93ffe48e6f
6d6d6d`)

/** phip.md section 10: the same, dated. */
export const phip2Script = bytes(`
2103ea6b35f297c30d9d8f99d17c9b53b22ee6c5f0a72203756380ec1ddc9989eff7ac055048495032
2102466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f271568747470733a2f2f72656c61792e6578616d706c65
21023c72addb4fdf09af94f0c94d7fe92a386a7e70cf8a1d85916386bb2535c7b1b1
473045022100f025fe76cc5a3801c242029deb6a42f3bff6656f341c9486ac23e899753ab7dd02205b5ab51af80a0dc1b95f1e9b44d2d4509dceffe72efaff615c54c204d7a50381
100000018bcfe568000000018d9f61c000
47304502210087152f09b0396de11a1dd0ce99c0dfd587243c4ccba60579b56313b1c8a642ac02205698aa5bbe0481ed091e00cd25d85c92156d19a298397100ebaf01e9edcb91436d6d6d75`)
export const phip2Dates = { issuedAtMs: 1_700_000_000_000, expiresAtMs: 1_707_776_000_000 }

/** overlay.md section 3: host 22, tm_phip. */
export const shipScript = bytes(`
2102e19eb359c03e78bea8b545c07de00555001600faf5a87f2cfbce1861e574ec26ac0453484950
2102466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f271568747470733a2f2f72656c61792e6578616d706c65
07746d5f70686970
46304402206309ea7fd92e35effb173c005a4cabaf91b2ed202407309941798123eb0a44bf02207a8f627a0aa0d38e1207e33899ee98c00f9329da246c94193da9c76624bd69b9
6d6d75`)
