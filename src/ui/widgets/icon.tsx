/** Line icons on a 16-pixel grid, drawn for this page. */
const PATHS = {
  play: "M5 3.2v9.6l7.6-4.8z",
  pause: "M5.8 3.5v9M10.2 3.5v9",
  stop: "M4.5 4.5h7v7h-7z",
  check: "M3.2 8.4l3.2 3.2 6.4-7",
  cross: "M4 4l8 8M12 4l-8 8",
  dash: "M3.5 8h9M3.5 5h9M3.5 11h9",
  share: "M8 10V2.5M5 5l3-3 3 3M3.5 8.5v5h9v-5",
  sun: "M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1",
  moon: "M12.8 9.6A5.3 5.3 0 016.4 3.2a5.3 5.3 0 106.4 6.4z",
  auto: "M8 2.5a5.5 5.5 0 100 11zM8 2.5a5.5 5.5 0 010 11",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  plus: "M8 3.5v9M3.5 8h9",
  down: "M4.5 6.5L8 10l3.5-3.5",
  right: "M6.5 4.5L10 8l-3.5 3.5",
  left: "M9.5 4.5L6 8l3.5 3.5",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  download: "M8 2.5V10M5 7.5l3 3 3-3M3.5 13.5h9",
  upload: "M8 10.5V3M5 5.5l3-3 3 3M3.5 13.5h9",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9",
  pencil: "M3 13l.7-3L11 2.8 13.2 5 6 12.3z",
  search: "M7 3a4 4 0 100 8 4 4 0 000-8zM10 10l3.5 3.5",
  book: "M3 3.5c2-.8 3.6-.6 5 .6v9c-1.4-1.2-3-1.4-5-.6zM13 3.5c-2-.8-3.6-.6-5 .6v9c1.4-1.2 3-1.4 5-.6z",
  gear: "M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3",
  open: "M9 3h4v4M13 3L7.5 8.5M11.5 9.5v3.5h-8.5v-8.5H6.5",
  refresh: "M13 8a5 5 0 11-1.6-3.7M13 2.5v2.3h-2.3",
  file: "M4 2.5h5l3 3v8H4zM9 2.5v3h3",
  cpu: "M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14",
  alert: "M8 2.8l5.7 10H2.3zM8 6.5v3M8 11.2v.01",
  link: "M6.8 9.2l2.4-2.4M7 5l1.6-1.6a2.5 2.5 0 013.6 3.6L10.5 8.6M9 11l-1.6 1.6a2.5 2.5 0 01-3.6-3.6L5.5 7.4",
  steps: "M2.5 13h3.4V9.5h3.6V6h3.5V2.5",
  bulb: "M6.2 12.2h3.6M6.7 14h2.6M8 1.8a4.3 4.3 0 00-2.3 7.9c.4.3.6.7.6 1.2h3.4c0-.5.2-.9.6-1.2A4.3 4.3 0 008 1.8z",
  people: "M6 7.4a2.3 2.3 0 100-4.6 2.3 2.3 0 000 4.6zM1.8 13c0-2.3 1.9-4 4.2-4s4.2 1.7 4.2 4M11 7.2a2 2 0 000-4M11.6 9.2c1.6.3 2.7 1.8 2.7 3.8",
  screen: "M2.2 3h11.6v8H2.2zM6 13.5h4M8 11v2.5",
  box: "M2.5 5L8 2.3 13.5 5v6L8 13.7 2.5 11zM2.5 5L8 7.8 13.5 5M8 7.8v5.9",
  qr: "M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h1.5v1.5M13.5 9.5v1.5M9.5 13.5h1.5M13 13h.5v.5",
  clock: "M8 2.2a5.8 5.8 0 100 11.6A5.8 5.8 0 008 2.2zM8 4.8V8l2.2 1.6",
  undo: "M5.5 3L2.8 5.7l2.7 2.7M3 5.7h6a3.6 3.6 0 010 7.2H6",
  diff: "M3 2.5v11M13 2.5v11M5.5 5.5h5M8 3v5M5.5 11.5h5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const filled = name === "play" || name === "stop";
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false"
      fill={filled ? "currentColor" : "none"} stroke={filled ? "none" : "currentColor"} stroke-width={name === "more" ? 2.2 : 1.4} stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: one 8-byte instruction, opcode, registers, offset, and the immediate highlighted. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <g fill="var(--ink-3)">
        <rect x="1" y="3" width="3.6" height="6" rx="0.8" />
        <rect x="5.6" y="3" width="3.6" height="6" rx="0.8" />
        <rect x="10.2" y="3" width="8.8" height="6" rx="0.8" />
      </g>
      <rect x="1" y="11" width="18" height="6" rx="0.8" fill="var(--run)" stroke="var(--mark-line)" stroke-width="0.6" />
    </svg>
  );
}
