// The addon itself: the package's main file falls back to slow JavaScript without a word when the addon does not load.
declare module 'secp256k1/bindings.js' {
  import type * as secp256k1 from 'secp256k1'
  const curve: typeof secp256k1
  // eslint-disable-next-line import-x/no-default-export -- a CommonJS file exports that way
  export default curve
}
