// The package's main file falls back to slow JavaScript without a word when its addon does not load. This one fails instead.
declare module 'secp256k1/bindings.js' {
  import type * as secp256k1 from 'secp256k1'
  const curve: typeof secp256k1
  // eslint-disable-next-line import-x/no-default-export -- it is CommonJS: module.exports is the default
  export default curve
}
