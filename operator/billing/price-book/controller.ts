/** Keeps every version of a price list in the store for ever, and says which is in force. */
import { kinds, type PriceBook } from '../../api/index.ts';
import { type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { ambiguousSkus, nextChange, overlapping, standing, unorderedTiers, type Version } from './decide.ts';
import { conditions } from './report.ts';
import { keepVersion } from './repository.ts';

/** The controller of PriceBooks. */
export function priceBookController(store: Store): Controller {
  return controller(kinds.PriceBook)
    .watches(kinds.PriceBook, siblings)
    .every('10m')
    .reconcile(async (priceBook, ctx) => {
      const now = ctx.now().getTime();
      const { book, version, skus } = priceBook.spec;
      const versions = versionsOf(book, ctx);
      const ambiguous = ambiguousSkus(
        skus.map(({ name, match }) => ({ name, model: match.model, profile: match.profile ?? 'full' })),
      );
      const unordered = unorderedTiers(
        skus.map(({ name, tiers }) => ({ name, ends: tiers?.steps.map(({ upToSeconds }) => upToSeconds) ?? [] })),
      );
      const kept = ambiguous.length + unordered.length === 0 ? await keepVersion(store, priceBook) : undefined;
      const findings = {
        book,
        version,
        standing: standing(version, versions, now),
        overlap: overlapping(version, versions),
        ambiguous,
        unordered,
        takenBy: kept === undefined || kept.same ? undefined : kept.object,
      };
      const next = nextChange(versions, now);
      return {
        status: { skuCount: skus.length, conditions: conditions(findings) },
        after: next === undefined ? undefined : Math.min(next - now, 3_600_000),
      };
    });
}

function versionsOf(book: string, reader: Reader): readonly Version[] {
  return reader
    .list(kinds.PriceBook)
    .filter(({ spec }) => spec.book === book)
    .map(({ metadata, spec }) => ({
      object: metadata.name,
      version: spec.version,
      from: Date.parse(spec.effectiveFromTime),
    }));
}

function siblings(changed: PriceBook, reader: Reader): readonly Key[] {
  return reader
    .list(kinds.PriceBook)
    .filter(({ spec }) => spec.book === changed.spec.book)
    .map(({ metadata }) => ({ name: metadata.name }));
}
