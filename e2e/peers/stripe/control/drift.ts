import { conflict } from '../http/refusal.ts';
import type { World } from '../world.ts';
import { textIn, wordIn } from './body.ts';

/** Makes the peer's record differ from what it was told, as a provider's own failure would. */
export function drift({ state }: World, body: unknown): object {
  const identifier = textIn(body, 'identifier');
  const kind = wordIn(body, 'kind', ['lost', 'doubled', 'altered']);
  const event = state.all('meter_event').findLast((one) => one.identifier === identifier);
  if (event === undefined) throw conflict(`no event has the identifier ${identifier}`);
  if (kind === 'lost') state.remove('meter_event', event.id);
  if (kind === 'doubled') state.put('meter_event', { ...event, id: state.id('mtrevt') });
  if (kind === 'altered') state.put('meter_event', { ...event, value: textIn(body, 'value') });
  return { identifier, kind };
}
