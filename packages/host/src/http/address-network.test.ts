import { expect } from 'chai'
import { networkOf } from './address-network.ts'

describe('networkOf', () => {
  const cases: [address: string, network: string][] = [
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['2001:db8:1:2:3::203.0.113.9', '2001:db8:1:2::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
    ['unknown', 'no address'],
    ['', 'no address'],
  ]
  for (const [address, network] of cases) {
    it(`puts ${JSON.stringify(address)} into ${network}`, () => expect(networkOf(address)).to.equal(network))
  }
})
