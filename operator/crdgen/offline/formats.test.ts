import { expect, it } from 'vitest';
import { FORMATS } from './formats.ts';

const rows: Readonly<Record<string, { readonly takes: readonly string[]; readonly refuses: readonly string[] }>> = {
  date: { takes: ['2024-02-29', '0099-01-01'], refuses: ['2023-02-29', '2024-13-01', '2024-1-1', ''] },
  'date-time': {
    takes: ['2024-02-29T23:59:59Z', '2024-02-29t00:00:00.123456789+02:00'],
    refuses: [
      '2024-02-29 00:00:00Z',
      '2024-02-29T00:00:00',
      '2024-02-29T24:00:00Z',
      '2024-02-30T00:00:00Z',
      '2024-02-29',
    ],
  },
  uuid: { takes: ['123E4567-e89b-12d3-a456-426614174000', '123e4567e89b12d3a456426614174000'], refuses: ['123'] },
  uri: { takes: ['https://example.com/a', '/a'], refuses: ['example com', ''] },
  byte: { takes: ['QUI='], refuses: ['QUI', '?', ''] },
  ipv4: { takes: ['10.0.0.1', '010.0.0.1'], refuses: ['10.0.0', '::1'] },
  ipv6: { takes: ['::1'], refuses: ['10.0.0.1'] },
  cidr: { takes: ['10.0.0.0/8', '::/128'], refuses: ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/8'] },
};

it.each(Object.keys(FORMATS))('%s', (format) => {
  const judge = (texts: readonly string[] = []) => texts.map((text) => [text, FORMATS[format]?.(text)]);
  expect(judge(rows[format]?.takes)).toEqual(rows[format]?.takes.map((text) => [text, true]));
  expect(judge(rows[format]?.refuses)).toEqual(rows[format]?.refuses.map((text) => [text, false]));
});
