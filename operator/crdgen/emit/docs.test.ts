import { describe, expect, it } from 'vitest';
import { compileFixture } from '../samples/fixture.ts';
import { toKindPage, toOverview } from './docs.ts';

function linesOf(page: string, start: RegExp): readonly string[] {
  return page.split('\n').filter((line) => start.test(line));
}

describe('the page of a kind', () => {
  it('tells versions apart', () => {
    const headings = linesOf(toKindPage(compileFixture('versions-converted')), /^## Version/);
    expect(headings).toEqual([
      '## Version v1 (stored)',
      '## Version v1alpha1 (deprecated: use v1; it says name instead of title)',
    ]);
    expect(linesOf(toKindPage(compileFixture('versions')), /^## Version/)).toContain(
      '## Version v1alpha1 (not served any more)',
    );
  });

  it('has what the kind reports, and how it is listed', () => {
    const page = toKindPage(compileFixture('root-tags'));
    expect(linesOf(page, /^## /)).toEqual(['## spec', '## status', '## Conditions', '## Events', '## Columns']);
    expect(linesOf(page, /Fine|Broken|Size/)).toEqual([
      '| `Ready` | True | `Fine` | all is well |',
      '| Warning | `ThingBroken` | it is broken |',
      '| Size | `.spec.size` | Number of replicas | `kubectl get -o wide` |',
    ]);
  });

  it.each([
    ['defaults', '| `count` | int32 | default `3` | count has a default. At least 1. |'],
    ['enum', '| `mode` | `Slow` \\| `Fast` \\| `Auto` | yes | mode says how; the order is that of the source. |'],
    [
      'lists',
      '| `names` | list of string | yes | names are scalars. 1 to 4 entries. Each value once. Each: At most 63 characters. Each: Pattern: `^[a-z]+$`. |',
    ],
    [
      'map',
      "| `labels` | map of string | yes | labels are labels. 1 to 8 keys. Rule: `self.all(k, k.matches('^[a-z]+$'))`. |",
    ],
    ['union-inline', '| `httpProxy` | object | by variant | httpProxy holds the settings of type HTTPProxy. |'],
    ['int-or-string', '| `port` | integer or string | no | port is a number or a name. |'],
  ])('says of %s what a field may be', (fixture, row) => {
    expect(toKindPage(compileFixture(fixture)).split('\n')).toContain(row);
  });
});

it('lists the kinds, and leaves out what no kind shares', () => {
  const overview = toOverview(compileFixture('root-tags'));
  expect(overview).toContain('| [Thing](thing.md) | Namespaced | Thing is a fixture. |');
  expect(overview).not.toContain('of every kind');
});
