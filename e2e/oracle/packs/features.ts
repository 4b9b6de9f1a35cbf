import type { BtfView } from "./layout.ts";
import type { Answer, Requests } from "./requests.ts";
import type { Variant } from "./variants.ts";
export interface FeatureAsk { readonly name: string; readonly request: number }
export function askFeatures(_requests: Requests, _btf: BtfView, _variants: readonly Variant[]): FeatureAsk[] { return []; }
export function judgeFeatures(_asks: readonly FeatureAsk[], _answers: readonly Answer[]): { features: Record<string, boolean | number | string>; mapTypes: Set<number> } { return { features: {}, mapTypes: new Set() }; }
