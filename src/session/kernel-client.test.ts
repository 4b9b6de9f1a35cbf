import { describe, expect, it } from "vitest";
import { ok } from "../base/result.ts";
import type { FullKernelWorkerApi } from "../workers/kernel-api.ts";
import { KernelClient } from "./kernel-client.ts";
import type { Clock, KernelPort } from "./ports.ts";

/** A port that counts its workers, and a clock that stands still until it is told. */
function setup(idleMs?: number) {
  let timers: { at: number; run: () => void }[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => { timers = timers.filter((t) => t !== timer); };
    },
  };
  const pass = (ms: number): void => {
    now += ms;
    const due = timers.filter((t) => t.at <= now);
    timers = timers.filter((t) => t.at > now);
    for (const t of due) t.run();
  };
  const seen = { opens: 0, rests: 0 };
  let finish: (() => void)[] = [];
  const api = {
    open: () => { seen.opens++; return Promise.resolve(ok({ programs: [] })); },
    kernels: () => new Promise((resolve) => finish.push(() => resolve(ok([])))),
  } as unknown as FullKernelWorkerApi;
  const port: KernelPort = { api, restart: () => undefined, rest: () => { seen.rests++; }, ...(idleMs === undefined ? {} : { idleMs }) };
  return { client: new KernelClient(port, clock), pass, seen, finishAll: () => { for (const f of finish) f(); finish = []; } };
}
const OBJECT = { id: "a", bytes: new Uint8Array(0) };

describe("a kernel worker that nobody asks anything", () => {
  it("is ended after a while, and opens its object again when it is needed", async () => {
    const { client, pass, seen } = setup(1000);
    await client.about(OBJECT, () => Promise.resolve(1));
    pass(900);
    await client.about(OBJECT, () => Promise.resolve(2));
    pass(900);
    expect(seen).toEqual({ opens: 1, rests: 0 });
    pass(100);
    expect(seen.rests).toBe(1);
    expect(await client.about(OBJECT, () => Promise.resolve(3))).toBe(3);
    expect(seen.opens).toBe(2);
  });

  it("is not ended while it works, nor where the port does not ask for it", async () => {
    const busy = setup(1000);
    const answer = busy.client.call((api) => api.kernels());
    busy.pass(5000);
    busy.client.rest();
    expect(busy.seen.rests).toBe(0);
    busy.finishAll();
    expect(await answer).toMatchObject({ ok: true });
    busy.pass(1000);
    expect(busy.seen.rests).toBe(1);
    const steady = setup();
    await steady.client.about(OBJECT, () => Promise.resolve(1));
    steady.pass(1e9);
    expect(steady.seen.rests).toBe(0);
  });
});
