import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressOf, composeMail, messageIdOf } from './compose.ts';
import { parseTemplates, sampleData } from './template.ts';

const data = (name: string) => ({
  ...sampleData,
  contact: { name, email: 'a@example.com' },
  campaign: 'c',
  topic: 't',
});

test('a line break in a rendered subject is refused', () => {
  const templates = parseTemplates('Hello {{ contact.name }}', 'text');
  expect(() => templates.render(data('Ann\r\nBcc: all@example.com'))).toThrow('line break');
});

test('names with Liquid or header syntax stay text', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (name) => {
      const { text } = parseTemplates('Subject', 'Hello {{ contact.name }}!').render(data(name));
      expect(text).toBe(`Hello ${name}!`);
    }),
  );
});

test('no value of a contact adds a header line', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 80 }), async (name) => {
      const mail = await composeMail({
        channel: { from: 'GPU Cloud <team@example.com>', postalAddress: 'Example Ltd, 1 High St' },
        to: { name, email: 'a@example.com' },
        subject: 'Subject',
        text: 'text',
        unsubscribeUrl: 'https://portal.example.com/u/token',
        messageId: 'row',
        date: new Date(0),
      });
      const head = mail.raw.toString().split('\r\n\r\n')[0] ?? '';
      const names = head
        .split('\r\n')
        .filter((line) => !/^[ \t]/.test(line))
        .map((line) => line.split(':')[0]?.toLowerCase());
      expect(names.toSorted()).toEqual([
        'content-transfer-encoding',
        'content-type',
        'date',
        'from',
        'list-unsubscribe',
        'list-unsubscribe-post',
        'message-id',
        'mime-version',
        'subject',
        'to',
      ]);
      expect(mail.envelope).toEqual({ from: 'team@example.com', to: 'a@example.com' });
    }),
    { numRuns: 60 },
  );
});

test('the Message-ID of a row never changes', () => {
  expect(messageIdOf('row', 'GPU Cloud <team@example.com>')).toBe(messageIdOf('row', 'team@example.com'));
  expect(messageIdOf('row', 'team@example.com')).not.toBe(messageIdOf('other', 'team@example.com'));
  expect(addressOf('GPU Cloud <team@example.com>')).toBe('team@example.com');
});
