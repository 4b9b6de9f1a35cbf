import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  count: number;
  /** pixels; every row is this high */
  rowHeight: number;
  row: (index: number) => ComponentChildren;
  label: string;
  /** index kept in view; a change scrolls to it */
  current?: number | null;
  onMove?: (by: number) => void;
  onKey?: (event: KeyboardEvent) => void;
  class?: string;
  id: string;
}

const OVERSCAN = 12;
/** Browsers clip elements higher than some 16 to 33 million pixels. */
const MAX_HEIGHT = 15_000_000;

/** A list of any length that only has the visible rows in the document. Up, down, j and k move; the owner decides what moving means. */
export function VirtualList(props: Props) {
  const { count, rowHeight } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  const full = count * rowHeight;
  // Past the limit the scroll position is stretched over the rows.
  const height = Math.min(full, MAX_HEIGHT);
  const stretch = height > view.height && full > height ? (full - view.height) / (height - view.height) : 1;
  const top = view.top * stretch;
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((top + view.height) / rowHeight) + OVERSCAN);

  useLayoutEffect(() => {
    const el = box.current!;
    const measure = (): void => setView({ top: el.scrollTop, height: el.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const el = box.current!;
    const current = props.current;
    if (current === null || current === undefined || current < 0) return;
    const y = current * rowHeight;
    if (y < top + rowHeight || y > top + el.clientHeight - 2 * rowHeight) {
      el.scrollTop = Math.max(0, y - el.clientHeight / 2) / stretch;
    }
  }, [props.current, count]);

  const key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (by !== undefined && props.onMove) {
      props.onMove(by);
      event.preventDefault();
    } else props.onKey?.(event);
  };

  const rows: ComponentChildren[] = [];
  for (let i = first; i < last; i++) rows.push(props.row(i));
  return (
    <div ref={box} class={`vlist ${props.class ?? ""}`} tabIndex={0} role="listbox" aria-label={props.label} aria-activedescendant={props.current !== null && props.current !== undefined && props.current >= 0 ? `${props.id}-${props.current}` : undefined}
      onScroll={(e) => setView({ top: e.currentTarget.scrollTop, height: e.currentTarget.clientHeight })} onKeyDown={key}>
      <div class="vlist-space" style={{ height: `${height}px` }}>
        <div class="vlist-rows" style={{ transform: `translateY(${first * rowHeight - top + view.top}px)` }}>{rows}</div>
      </div>
    </div>
  );
}

/** Height of a row in pixels, as the style sheet has it for this pointer. */
export function rowHeight(): number {
  return parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10) || 20;
}
