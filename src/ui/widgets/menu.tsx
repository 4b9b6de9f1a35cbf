import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

interface Props {
  label: ComponentChildren;
  /** what it is, said with what the button shows */
  title: string;
  /** of the button, where `title` does not hold the words that stand on it */
  name?: string;
  class?: string;
  align?: "left" | "right";
  wide?: boolean;
  /** "menu" for commands (arrow keys move), "dialog" for forms */
  kind?: "menu" | "dialog";
  children: (close: () => void) => ComponentChildren;
}

/** A button that opens a small surface below it; closed by Escape, a click elsewhere, or its content. */
export function Popover({ label, title, align = "left", wide = false, kind = "menu", children, ...rest }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("focusin", outside);
    const first = root.current?.querySelector<HTMLElement>(".popover input[type=radio]:checked") ?? root.current?.querySelector<HTMLElement>(".popover button, .popover input, .popover select");
    first?.focus();
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  const key = (event: KeyboardEvent): void => {
    if (!open) return;
    if (event.key === "Escape") {
      close();
      event.stopPropagation();
    } else if (kind === "menu" && ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
      const items = [...(root.current?.querySelectorAll<HTMLElement>(".popover button:not(:disabled)") ?? [])];
      const at = items.indexOf(document.activeElement as HTMLElement);
      const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[event.key]!;
      items.at(next % items.length)?.focus();
      event.preventDefault();
    }
  };

  return (
    <div ref={root} class="popover-root" onKeyDown={key}>
      <button ref={button} type="button" class={rest.class ?? "button"} aria-haspopup={kind} aria-expanded={open} aria-controls={open ? id : undefined} aria-label={rest.name ?? title} title={title} onClick={() => setOpen(!open)}>{label}</button>
      {open && <div id={id} class={`popover ${align} ${wide ? "wide" : ""}`} role={kind} aria-label={title}>{children(close)}</div>}
    </div>
  );
}

/** Items that belong together, under a heading. */
export function MenuGroup({ title, children }: { title: string; children: ComponentChildren }) {
  return <section role="group" aria-label={title}><h2 class="heading menu-heading" aria-hidden="true">{title}</h2>{children}</section>;
}

export function MenuItem({ onPick, children, hint, danger, disabled }: { onPick: () => void; children: ComponentChildren; hint?: ComponentChildren; danger?: boolean; disabled?: boolean }) {
  return (
    <button type="button" role="menuitem" class={`menu-item ${danger ? "danger" : ""}`} disabled={disabled} onClick={onPick}>
      <span class="grow menu-label">{children}</span>
      {hint && <span class="menu-hint">{hint}</span>}
    </button>
  );
}
