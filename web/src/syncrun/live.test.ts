import { expect, it } from "vitest";
import { readBefore, timeLeft } from "./left";
import type { RunLogLineFragment } from "./run.generated";
import { rateOf } from "./useRate";
import { merge, mostLines } from "./useRunLog";

const object = { name: "Contact", status: "SUCCEEDED", phase: "DAILY", counters: { read: 300 } } as const;

it("takes the rate from the oldest and the newest state, and from no single one", () => {
  expect(rateOf([])).toBeNull();
  expect(rateOf([{ at: 0, read: 10 }])).toBeNull();
  expect(
    rateOf([
      { at: 0, read: 10 },
      { at: 100, read: 99 },
    ]),
  ).toBeNull();
  expect(
    rateOf([
      { at: 0, read: 10 },
      { at: 4_000, read: 10 },
    ]),
  ).toBeNull();
  expect(
    rateOf([
      { at: 0, read: 10 },
      { at: 1_000, read: 20 },
      { at: 4_000, read: 50 },
    ]),
  ).toBe(10);
});

it("holds an object against the last like run of it, and tells no time without one", () => {
  const runs = [
    { id: "run_3", objects: [{ ...object, counters: { read: 7 } }] },
    { id: "run_2", objects: [{ ...object, phase: "ONBOARDING" as const, counters: { read: 9_000 } }] },
    { id: "run_1", objects: [object] },
  ];
  expect(readBefore(object, "run_3", runs)).toBe(300);
  expect(readBefore({ name: "Lead", phase: "DAILY" }, "run_3", runs)).toBeNull();
  expect(readBefore(object, "run_3", [{ id: "run_0", objects: [{ ...object, counters: { read: 0 } }] }])).toBeNull();
  expect(timeLeft(100, 300, 10)).toBe(20_000);
  expect(timeLeft(100, null, 10)).toBeNull();
  expect(timeLeft(100, 300, null)).toBeNull();
  expect(timeLeft(300, 300, 10)).toBeNull();
});

it("keeps lines in order, each once, and no more than it can show", () => {
  const line = (seq: number) => ({ seq }) as RunLogLineFragment;
  const seqs = (lines: readonly RunLogLineFragment[]) => lines.map(({ seq }) => seq);
  const two = [line(2), line(3)];
  expect(merge(two, [line(3)])).toBe(two);
  expect(seqs(merge(two, [line(1), line(3), line(4)]))).toEqual([1, 2, 3, 4]);
  const many = merge(
    [],
    Array.from({ length: mostLines + 5 }, (_, index) => line(index + 1)),
  );
  expect(many).toHaveLength(mostLines);
  expect(many[0]?.seq).toBe(6);
});
