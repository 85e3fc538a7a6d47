import { shown as shownPrice } from '../catalog/prices.ts';
import { shown as shownInvoice } from '../invoices/show.ts';
import { shown as shownSubscription } from '../subscriptions/show.ts';
import type { World } from '../world.ts';
import { invalid } from './refusal.ts';

const mostDepth = 4;

/** Replaces ids by their objects where a request asks for it: `expand[]=customer`, `data.latest_invoice`, `tiers`. */
export function expanded(world: World, body: object, asked: unknown): object {
  if (typeof asked !== 'object' || asked === null) return body;
  return Object.values(asked).reduce<object>((answer, path: unknown) => {
    const steps = String(path).split('.');
    if (steps.length > mostDepth) throw invalid('expand', `You cannot expand more than ${mostDepth} levels: ${path}`);
    const grown: unknown = expandAt(world, answer, steps, String(path));
    return typeof grown === 'object' && grown !== null ? grown : answer;
  }, body);
}

function expandAt(world: World, node: unknown, [step = '', ...rest]: readonly string[], path: string): unknown {
  if (Array.isArray(node)) return node.map((one) => expandAt(world, one, [step, ...rest], path));
  if (typeof node !== 'object' || node === null) return node;
  const grown = step === 'tiers' && rest.length === 0 ? tiers(world, node) : objectOf(world, Reflect.get(node, step));
  if (grown === undefined) throw invalid('expand', `This property cannot be expanded (${path}).`);
  return { ...node, [step]: rest.length === 0 ? grown : expandAt(world, grown, rest, path) };
}

function tiers({ state }: World, price: object): unknown {
  return state.get('price', String(Reflect.get(price, 'id')))?.tiers ?? null;
}

/** The object of an id; what is an object already, or null, stays. */
function objectOf(world: World, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const { state } = world;
  const price = state.get('price', value);
  const invoice = state.get('invoice', value);
  const subscription = state.get('subscription', value);
  if (price !== undefined) return shownPrice(price);
  if (invoice !== undefined) return shownInvoice(world, invoice);
  if (subscription !== undefined) return shownSubscription(world, subscription);
  return (
    state.get('customer', value) ??
    state.get('product', value) ??
    state.get('payment_method', value) ??
    state.get('test_clock', value)
  );
}
