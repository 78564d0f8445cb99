import { expect } from 'chai'
import { originForRouting, parseHostOrigin } from './host-origin.ts'

describe('parseHostOrigin', () => {
  for (const text of [
    'https://relay.example',
    'https://relay.example:8443',
    'https://xn--bcher-kva.example',
    'https://[2001:db8::1]',
  ]) {
    it(`takes ${text}`, () => expect(parseHostOrigin(text, { allowHttp: false })).to.equal(text))
  }
  it('takes http only when allowed', () => {
    expect(parseHostOrigin('http://127.0.0.1:8080', { allowHttp: true })).to.equal('http://127.0.0.1:8080')
    expect(parseHostOrigin('http://127.0.0.1:8080', { allowHttp: false })).to.equal(null)
  })

  const refused = [
    '',
    'relay.example',
    'https://relay.example/',
    'https://relay.example/path',
    'https://relay.example?x',
    'https://relay.example#x',
    'https://Relay.example',
    'HTTPS://relay.example',
    'https://relay.example:443',
    'https://relay.example.',
    'https://me@relay.example',
    'https://bücher.example',
    ' https://relay.example',
    'https://relay.example\n',
    'https://127.1',
    'https://0x7f000001',
    'https:relay.example',
    'https://',
    'https://relay.example:99999',
    'ftp://relay.example',
    'wss://relay.example',
    'file:///etc',
    'javascript:1',
    `https://${'a.'.repeat(200)}example`,
  ]
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 60))}`, () =>
      expect(parseHostOrigin(text, { allowHttp: true })).to.equal(null))
  }
})

describe('originForRouting', () => {
  it('reads the bare domain of BRC-34 as https', () => {
    expect(originForRouting('peerserv.babbage.systems', { allowHttp: false })).to.equal(
      'https://peerserv.babbage.systems',
    )
    expect(originForRouting('relay.example:8443', { allowHttp: true })).to.equal('https://relay.example:8443')
  })
  it('leaves an origin as it is', () => {
    expect(originForRouting('https://relay.example', { allowHttp: false })).to.equal('https://relay.example')
  })
  for (const text of ['Relay.example', 'relay.example/', 'relay.example/x', 'http://relay.example', 'a b', '']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(originForRouting(text, { allowHttp: false })).to.equal(null))
  }
})
