import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";

interface Props {
  title: ComponentChildren;
  /** said to those who cannot see it, when the title is more than text */
  label?: string;
  /** "fill" takes the window; "wide" a large part of it */
  size?: "normal" | "wide" | "fill";
  onClose: () => void;
  /** buttons beside the title */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A surface above the page: the rest waits until it is closed by Escape, its button or a click beside it. */
export function Modal({ title, label, size = "normal", onClose, actions, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog ref={dialog} class={`modal ${size}`} aria-label={label ?? (typeof title === "string" ? title : undefined)}
      onCancel={(e) => { e.preventDefault(); onClose(); }}
      onPointerDown={(e) => { if (e.target === dialog.current) onClose(); }}>
      <div class="modal-body">
        <header class="modal-head"><h2 class="ellipsis">{title}</h2><span class="grow" />{actions}<button type="button" class="button icon" aria-label="Close" onClick={onClose}><Icon name="cross" /></button></header>
        {children}
      </div>
    </dialog>
  );
}
