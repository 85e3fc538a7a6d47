import { describe, expect, it } from 'vitest';

import { chooseNetwork, freePorts, parseRange, rangesInRoutes } from './network.ts';

const range = (text: string) => {
  const parsed = parseRange(text);
  if (parsed === undefined) throw new Error(`${text} is not a range`);
  return parsed;
};

describe('parseRange', () => {
  it.each([
    ['a network', '10.1.2.0/24', { first: 0x0a010200, last: 0x0a0102ff }],
    ['an address within a network', '10.1.2.7/24', { first: 0x0a010200, last: 0x0a0102ff }],
    ['a single address', '192.168.0.1', { first: 0xc0a80001, last: 0xc0a80001 }],
    ['a word of ip route', 'default', undefined],
    ['an octet too large', '10.1.300.0/24', undefined],
    ['a prefix too long', '10.1.2.0/33', undefined],
    ['IPv6', 'fd00::/64', undefined],
  ])('%s', (_name, text, expected) => {
    expect(parseRange(text)).toEqual(expected);
  });
});

describe('rangesInRoutes', () => {
  it('finds networks and local addresses, and lets the default route take nothing', () => {
    const routes = [
      'default via 192.0.2.1 dev eth0 ',
      '10.188.0.0/24 dev veth0 proto kernel scope link src 10.188.0.1 ',
      'local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1',
      '0.0.0.0/1 via 10.9.0.1 dev tun0',
    ].join('\n');
    expect(rangesInRoutes(routes)).toEqual([range('10.188.0.0/24')]);
  });
});

describe('chooseNetwork', () => {
  it('puts link, services, pods and fake pods of one cluster into one block without overlap', () => {
    const network = chooseNetwork([], '000000');
    expect(network).toEqual({
      hostAddress: '10.64.0.1',
      nodeAddress: '10.64.0.2',
      linkPrefix: 24,
      serviceRange: '10.64.1.0/24',
      kubernetesService: '10.64.1.1',
      podRange: '10.64.2.0/24',
      fakePodRange: '10.64.64.0/18',
    });
  });

  it.each([
    ['passes over a block of which a part is taken', ['10.64.7.0/24'], '000000', '10.65.0.1'],
    ['passes over a range that covers several blocks', ['10.64.0.0/14'], '000000', '10.68.0.1'],
    ['begins where the seed says', [], '00007f', '10.191.0.1'],
    ['wraps around at the end', ['10.191.0.0/16'], '00007f', '10.64.0.1'],
  ])('%s', (_name, taken, seed, host) => {
    expect(chooseNetwork(taken.map(range), seed).hostAddress).toBe(host);
  });

  it('says so when nothing is free', () => {
    expect(() => chooseNetwork([range('10.0.0.0/8')], '000000')).toThrow(/in use on this machine/);
  });
});

describe('freePorts', () => {
  it('gives each name a port of its own', async () => {
    const ports = await freePorts(['a', 'b', 'c']);
    expect(new Set(Object.values(ports)).size).toBe(3);
    // Not from the range of outgoing connections, where a client could connect to itself in the server's place.
    expect(Object.values(ports).every((port) => port >= 15_000 && port < 30_000)).toBe(true);
  });
});
