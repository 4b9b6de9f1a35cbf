import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

interface Props {
  /** part of the whole that the first pane gets, 0.15 … 0.85 */
  share: Signal<number>;
  direction: "row" | "column";
  label: string;
  /** null: the second pane has everything */
  first: ComponentChildren | null;
  /** null: the first pane has everything */
  second: ComponentChildren | null;
}

const clamp = (n: number): number => Math.min(0.85, Math.max(0.15, n));

/** Two panes with a bar between them: dragged with the pointer, moved with the arrow keys, reset with a double click. */
export function Split({ share, direction, label, first, second }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const row = direction === "row";
  const drag = (event: PointerEvent): void => {
    const bar = event.currentTarget as HTMLElement;
    bar.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent): void => {
      const box = root.current!.getBoundingClientRect();
      share.value = clamp(row ? (e.clientX - box.left) / box.width : (e.clientY - box.top) / box.height);
    };
    const end = (): void => {
      bar.removeEventListener("pointermove", move);
      bar.removeEventListener("pointerup", end);
      bar.removeEventListener("pointercancel", end);
    };
    bar.addEventListener("pointermove", move);
    bar.addEventListener("pointerup", end);
    bar.addEventListener("pointercancel", end);
    event.preventDefault();
  };
  const key = (event: KeyboardEvent): void => {
    const less = row ? "ArrowLeft" : "ArrowUp";
    const more = row ? "ArrowRight" : "ArrowDown";
    if (event.key === less) share.value = clamp(share.value - 0.03);
    else if (event.key === more) share.value = clamp(share.value + 0.03);
    else return;
    event.preventDefault();
  };
  const both = first !== null && second !== null;
  const size = both ? `minmax(0, ${share.value}fr) 1px minmax(0, ${1 - share.value}fr)` : "1fr";
  return (
    <div ref={root} class={`split ${row ? "across" : "stacked"}`} style={row ? { gridTemplateColumns: size } : { gridTemplateRows: size }}>
      {first !== null && <div key="first" class="split-pane">{first}</div>}
      {both && (
        <div key="bar" class="split-bar" role="separator" tabIndex={0} aria-label={label} aria-orientation={row ? "vertical" : "horizontal"} aria-valuenow={Math.round(share.value * 100)}
          aria-valuemin={15} aria-valuemax={85} onPointerDown={drag} onKeyDown={key} onDblClick={() => { share.value = 0.5; }} />
      )}
      {second !== null && <div key="second" class="split-pane">{second}</div>}
    </div>
  );
}
